"""Documents of strangers' projects are read whole: bold beginnings, marks, brackets and routes inside tasks' texts."""

from __future__ import annotations

import pytest

from tests.documents.formats import read


def test_bold_beginnings_leave_no_marks_in_titles() -> None:
    plan, _ = read("# Track\n\n## Phase 1: A\n\n- [ ] Task: Dig\n- [ ] **Task: Pour** (depends on Task: Dig)\n")
    assert plan["titles"] == {"1.1": "Dig", "1.2": "Pour"} and plan["needs"] == {"1.2": ["1.1"]}
    plan, _ = read("# Tasks\n\n- [ ] **1. Quay**\n  - [ ] **1.1** Dig\n  - [ ] **1.2 Pour** it\n")
    assert plan["titles"] == {"1.1": "Dig", "1.2": "Pour it"} and plan["wave_titles"] == {1: "Quay"}
    plan, _ = read("# Tasks\n\n- [ ] **T001: Dig** it\n- [ ] [T002] Pour\n- [ ] `T003` Roof\n")
    assert plan["titles"] == {"T001": "Dig it", "T002": "Pour", "T003": "Roof"}
    plan, _ = read("# Tasks\n\n- **A-1: Dig** it\n- **A-2: Pour**\n")
    assert plan["titles"] == {"A-1": "Dig it", "A-2": "Pour"}


@pytest.mark.parametrize(
    "text",
    ["(after 1.1) Pour", "Pour [depends: 1.1]", "Pour: depends on 1.1", "(depends on Dig) Pour",
     "Pour\uff08\u4f9d\u8d56 1.1\uff09", "Pour\uff0c\u4f9d\u8d56\uff1a1.1"],
)  # fmt: skip
def test_a_need_stands_in_brackets_anywhere_and_in_chinese(text: str) -> None:
    plan, done = read(f"# Tasks\n\n## 1. Quay\n\n- [ ] 1.1 Dig\n- [ ] 1.2 {text}\n")
    assert plan["titles"]["1.2"] == "Pour" and plan["needs"] == {"1.2": ["1.1"]} and done.diagnostics == ()


def test_what_a_number_needs_is_needed_by_the_numbers_below_it() -> None:
    plan, _ = read(
        "## 1. Quay\n\n- [ ] 1.1 Dig\n- [ ] 1.2 Pour (depends on 1.1)\n- [ ] 1.2.1 Sand\n- [ ] 1.2.2 Water\n"
    )
    assert plan["needs"] == {"1.2.1": ["1.1"], "1.2.2": ["1.1"]}


def test_the_mark_of_parallel_tasks_may_stand_before_the_title() -> None:
    plan, _ = read("# Plan\n\n- [ ] 1. Quay\n  - [ ] 1.1 (P) Dig\n  - [ ] 1.2 (P) Pour\n  - [ ] 1.3 Roof\n")
    assert plan["titles"]["1.1"] == "Dig" and plan["needs"] == {"1.3": ["1.1", "1.2"]}


def test_a_route_is_no_path() -> None:
    text = "- [ ] T001 Test GET /api/users/{id} in tests/a.py\n- [ ] T002 Make `POST /api/users/` in src/b.py\n"
    plan, _ = read(f"# Tasks\n\n{text}")
    assert plan["owns"] == {"T001": ["tests/a.py"], "T002": ["src/b.py"]}


def test_plans_of_a_roadmap_say_what_they_need_behind_their_titles() -> None:
    plan, _ = read(
        "# Roadmap\n\n### Phase 3: Pit\n\nPlans:\n- [ ] 03-01: Dig\n- [ ] 03-02-PLAN.md \u2014 Pour, needs 03-01\n"
    )
    assert plan["titles"] == {"03-01": "Dig", "03-02": "Pour"} and plan["needs"] == {"03-02": ["03-01"]}
