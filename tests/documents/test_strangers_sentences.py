"""Documents of strangers' projects are read whole: what sentences say that units need, and nothing they do not say."""

from __future__ import annotations

import pytest

from tests.documents.formats import read

BOXES = "- [ ] #5 Dig\n- [ ] #6 Pour\n- [ ] #7 Walls\n- [ ] #8 Roof\n"


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("#6 depends on #5. #7 depends on #5.", {"6": ["5"], "7": ["5"]}),
        ("#6 depends on #5; #7 depends on #6 and #8 depends on #5.", {"6": ["5"], "7": ["6"], "8": ["5"]}),
        ("#5 blocks #6 and #7. #8 is blocked by #7, and #6 blocks #7.", {"6": ["5"], "7": ["5", "6"], "8": ["7"]}),
        ("#6 depends on #5 and blocks #7.", {"6": ["5"], "7": ["6"]}),
        ("#6 depends on #5, which blocks #8.", {"6": ["5"], "8": ["5"]}),
        ("Start #5, then #6, then #7.", {"6": ["5"], "7": ["6"]}),
        ("#5 before #6 before #7; #8 needs #5 (it needs it) before it starts.", {"6": ["5"], "7": ["6"], "8": ["5"]}),
        ("#6 unblocks after #5.", {"6": ["5"]}),
    ],
)  # fmt: skip
def test_each_clause_of_a_sentence_says_its_own_needs(text: str, needs: dict[str, list[str]]) -> None:
    plan, done = read(f"# Sprint\n\n{BOXES}\n{text}\n")
    assert plan["needs"] == needs and done.diagnostics == ()
    heads = "".join(f"### #{n} - Part {n}\n\nText.\n\n" for n in (5, 6, 7, 8))
    plan, done = read(f"# Sprint\n\n{heads}{text}\n")
    assert plan["needs"] == needs and done.diagnostics == ()


@pytest.mark.parametrize(
    "text",
    [
        "#6 depends on #5, #7 and #8 block #9.", "#5 doesn't block #6.", "Neither #5 nor #6 depends on #7.",
        "Does #8 depend on #6?", "After #7 is merged, start #8.", "After #5, #6 depends on #7.",
    ],
)  # fmt: skip
def test_a_sentence_that_says_no_need_or_leaves_it_open_is_reported(text: str) -> None:
    plan, done = read(f"# Sprint\n\n{BOXES}\n{text}\n")
    assert plan["needs"] == {} and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 8)]


def test_what_a_sentence_names_besides_known_units_is_reported() -> None:
    plan, done = read(f"# Sprint\n\n{BOXES}\n#8 waits for #6 and #99.\n")
    assert plan["needs"] == {"8": ["6"]} and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 8)]
    assert "`#99`" in done.diagnostics[0].message


def test_an_id_in_brackets_behind_words_is_what_the_words_mean() -> None:
    one = "## Phase 1: A\n\n- [ ] T001 [P] Dig\n- [ ] T002 [P] Pour\n- [ ] T003 [P] [US1] Schema\n\n"
    two = "## Phase 2: B\n\n- [ ] T004 [P] [US3] Walls\n\n"
    plan, done = read(f"# Tasks: House\n\n{one}{two}## Dependencies\n\n- US3 depends on T002 + US1's schema (T003)\n")
    assert plan["needs"] == {"T004": ["T002", "T003"]} and done.diagnostics == ()


def test_a_need_in_words_below_an_item_or_at_its_end_is_read() -> None:
    waves = "## Wave 1\n\n- [ ] #5 Dig\n- [ ] #6 Pour\n\n## Wave 2\n\n"
    items = "- [ ] #7 Walls\n  - Depends on Wave 1 handoff\n  - Requires S3 access\n  - needs 2 hours\n"
    more = "- [ ] #8 Roof. Depends on #7.\n- [ ] #9 Door (after Wave 1 handoff)\n"
    plan, done = read(f"# House\n\n{waves}{items}{more}")
    assert plan["needs"] == {"7": ["5", "6"], "8": ["7"], "9": ["5", "6"]} and done.diagnostics == ()
    assert [plan["titles"][n] for n in ("7", "8", "9")] == ["Walls", "Roof", "Door"]
    boxes = "- [ ] 1. Quay\n  - [ ] 1.1 Dig\n  - [ ] 1.2 Pour\n    - Depends on task 1.1 being merged\n"
    plan, _ = read(f"# Implementation Plan\n\n{boxes}")
    assert plan["needs"] == {"1.2": ["1.1"]}
    tasks = "- [ ] T001 [P] Dig\n- [ ] T002 [P] Pour\n  - T002 depends on T001\n"
    plan, _ = read(f"# Tasks\n\n## Phase 1: A\n\n{tasks}- [ ] T003 [P] Roof\n  - Depends on T002\n")
    assert plan["needs"] == {"T002": ["T001"], "T003": ["T002"]}


def test_a_unit_is_meant_by_the_beginning_of_its_title_if_no_other_begins_so() -> None:
    text = "- [ ] **Auth** (P1): login\n- [ ] **Cart**: pay\n    - depends on: Auth\n"
    plan, done = read(f"# TODO\n\n{text}- [ ] **Mail**: blocked by Auth and Cart\n")
    assert plan["needs"] == {"1.2": ["1.1"], "1.3": ["1.1", "1.2"]} and done.diagnostics == ()


def test_keys_of_order_are_read_and_unknown_ones_with_units_behind_them_are_reported() -> None:
    one = "### Task 1: Dig\n\n- **Must complete before**: Task 2\n\n### Task 2: Pour\n\n- **Parallel with**: Task 3\n\n"
    plan, done = read(f"# Plan\n\n{one}### Task 3: Roof\n\n- **Unblocked by**: Task 1\n- **Unlocked with**: Task 2\n")
    assert plan["needs"] == {"2": ["1"], "3": ["1"]} and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 14)]
