"""Documents of strangers' projects are read whole: what a second place says of units, and ids that stand twice."""

from __future__ import annotations

import pytest

from tests.documents.formats import read

TABLE = "## Dependencies\n\n| Task | Depends on |\n|---|---|\n"


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        ("- [ ] T001 [P] Dig\n- [ ] T002 [P] Pour\n", "T001", "T002"),
        ("- [ ] 1. Quay\n  - [ ] 1.1 Dig\n  - [ ] 1.2 Pour\n", "1.1", "1.2"),
        ("## Tasks\n\n- [ ] #7 Dig\n- [ ] #8 Pour\n", "7", "8"),
    ],
)
def test_a_table_of_needs_is_of_the_boxes_above_it(text: str, one: str, two: str) -> None:
    plan, done = read(f"# Tasks: House\n\n{text}\n{TABLE}| {one} | - |\n| {two} | {one} |\n")
    assert plan["needs"] == {two: [one]} and done.diagnostics == ()


def test_an_id_is_one_unit_and_its_second_line_is_reported() -> None:
    boxes = "## Phase 1: A\n\n- [ ] T001 Dig in a.py\n- [ ] T002 Pour\n\n## Validation Checklist\n\n- [ ] T001 is dug\n"
    plan, done = read(f"# Tasks: House\n\n{boxes}")
    assert plan["waves"] == {1: ["T001", "T002"]} and plan["titles"]["T001"] == "Dig in a.py"
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 10)] and "line 5" in done.diagnostics[0].message


def test_numbers_that_begin_again_in_each_phase_are_numbers_of_the_phase() -> None:
    one = "## Phase 1: Pit\n\n### Task 1: Dig\n\n### Task 2: Pour\n\n**Depends on:** Task 1\n\n"
    plan, done = read(
        f"# Plan\n\n{one}{one.replace('Phase 1', 'Phase 2').replace('Dig', 'Walls').replace('Pour', 'Roof')}"
    )
    assert plan["titles"] == {"1.1": "Dig", "1.2": "Pour", "2.1": "Walls", "2.2": "Roof"} and done.diagnostics == ()
    assert plan["needs"] == {"1.2": ["1.1"], "2.2": ["2.1"]}


def test_a_table_of_contents_speaks_of_units_and_defines_none() -> None:
    heads = "### Task 1: Dig\n\nText.\n\n### Task 2: Pour\n\nText.\n"
    plan, done = read(f"# Plan\n\n- [Task 1: Dig](#task-1-dig)\n- [Task 2: Pour](#task-2-pour)\n\n{heads}")
    assert plan["titles"] == {"1": "Dig", "2": "Pour"} and done.diagnostics == ()


def test_rows_beside_those_of_all_headings_are_units_too() -> None:
    head = "| Task | What | Depends on | Status |\n|---|---|---|---|\n"
    rows = "| Task 1 | Dig | None | |\n| Task 2 | Pour | Task 1 | |\n| Task 3 | Roof | Tasks 1-2 | |\n"
    rows += "| Task 4 | Well | | cancelled |\n"
    plan, done = read(f"# Plan\n\n{head}{rows}\n### Task 1\n\nDeep.\n\n### Task 2\n\nFiles: b.py\n")
    assert plan["titles"] == {"1": "Dig", "2": "Pour", "3": "Roof"} and plan["owns"] == {"2": ["b.py"]}
    assert plan["needs"] == {"2": ["1"], "3": ["1", "2"]} and [d.code for d in done.diagnostics] == ["PP917"]


def test_a_dot_behind_an_id_and_ids_of_milestones_begin_units() -> None:
    plan, done = read("# Tasks\n\n1) [ ] A1. Dig\n2) [ ] A2. Pour \u2014 blocked by A1\n")
    assert plan["titles"] == {"A1": "Dig", "A2": "Pour"} and plan["needs"] == {"A2": ["A1"]} and done.diagnostics == ()
    plan, done = read("## Milestone 1\n\n* **M1.1** Dig\n* **M1.2** Pour \u2014 depends on M1.1\n")
    assert plan["titles"] == {"M1.1": "Dig", "M1.2": "Pour"} and plan["needs"] == {"M1.2": ["M1.1"]}


def test_a_git_name_in_brackets_is_no_part_of_a_title() -> None:
    plan, _ = read(
        "# Plan\n\n### Task 1: Dig (feat/pit)\n\n### Task 2: Pour (feat/floor)\n\n- \u6587\u4ef6\uff1a`b.py`\n"
    )
    assert plan["titles"] == {"1": "Dig", "2": "Pour"} and plan["names"] == {"1": "feat/pit", "2": "feat/floor"}
    assert plan["owns"] == {"2": ["b.py"]}


def test_headings_above_tables_of_units_are_none_and_an_odd_id_is_reported() -> None:
    head = "| ID | Slice | Deps |\n|---|---|---|\n"
    one = f"## W0 tickets\n\n{head}| W0-A | Pit | \u2014 |\n| W0-B | Floor | W0-A types |\n\n"
    plan, done = read(
        f"# Ledger\n\n{one}## W1 tickets\n\n{head}| W1-A | Walls | W0-B |\n| W1-B | Door | |\n| W1-E/F | Both | |\n"
    )
    assert plan["titles"] == {"W0-A": "Pit", "W0-B": "Floor", "W1-A": "Walls", "W1-B": "Door"}
    assert plan["needs"] == {"W0-B": ["W0-A"], "W1-A": ["W0-B"]}
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 3), ("PP916", 10), ("PP916", 16)]


def test_rows_of_other_units_below_a_heading_are_reported() -> None:
    table = "| ID | Slice | Deps |\n|---|---|---|\n| A-1 | Pit | |\n| A-2 | Floor | A-1 |\n"
    plan, done = read(f"# Plan\n\n### Task 1: Dig\n\n{table}\n### Task 2: Pour\n\nText.\n")
    assert plan["titles"] == {"1": "Dig", "2": "Pour"}
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 7), ("PP916", 8)]
