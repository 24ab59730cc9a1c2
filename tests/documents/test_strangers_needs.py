"""Documents of strangers' projects lose no need in silence: wherever it stands, it is read or reported."""

from __future__ import annotations

import pytest

from phaseplan.documents.importing.document import import_text
from tests.documents.formats import plans, read


@pytest.mark.parametrize("task", ["Lay beams", "Task 1: Lay beams", "1. Lay beams"])
@pytest.mark.parametrize(
    "text",
    [
        "- Depends on Stories 1.1 and 1.2", "- Depends on the login form of Story 1.2", "After Story 1.2 is merged.",
        "- Needs the table from Story 1.2", "The roof builds on the Story 1.2 pit.", "- [ ] Depends on Story 1.2",
        "- Story 1.2 must be completed first.", "Blocked until Story 1.2 is done.",
    ],
)  # fmt: skip
def test_a_need_of_another_story_in_a_storys_notes_is_reported(task: str, text: str) -> None:
    tasks = f"## Tasks / Subtasks\n\n- [ ] {task} (AC: 1)\n- [ ] {task.replace('1', '2')} and tiles (AC: 2)\n"
    done = import_text("1.3.md", f"# Story 1.3: Roof\n\n{tasks}\n## Dev Notes\n\nOak.\n\n{text}\n")
    assert len(plans(done)) == 1 and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 12)]


def test_a_sentence_about_a_story_below_another_is_read_or_reported() -> None:
    one = "## Epic 1: House\n\n### Story 1.1: Dig\n\n### Story 1.2: Roof\n\n#### Dev Notes\n\n"
    plan, done = read(f"# House\n\n{one}After Story 1.1 is merged.\n")
    assert plan["needs"] == {"1.2": ["1.1"]} and done.diagnostics == ()
    plan, done = read(f"# House\n\n{one}Story 1.1 must be completed first.\n")
    assert plan["needs"] == {} and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 11)]


LISTS = {  # the lines of two units, a third one's before its title, and what the third needs if it needs the second
    "openspec": ("## 1. Pit\n- [ ] 1.1 Dig\n- [ ] 1.2 Pour\n- [ ] 1.3 ", "1.1", "1.2"),
    "spec-kit": ("## Phase 1: Pit\n\n- [ ] T001 [P] Dig\n- [ ] T002 [P] Pour\n- [ ] T003 [P] [US1] ", "T001", "T002"),
    "kiro": ("- [ ] 1. Pit\n  - [ ] 1.1 Dig\n  - [ ] 1.2 Pour\n  - [ ] 1.3 ", "1.1", "1.2"),
    "conductor": ("## Phase 1: Pit\n\n- [ ] Task 1: Dig\n- [ ] Task 2: Pour\n- [ ] Task 3: ", "Task 1", "Task 2"),
    "github": ("- [ ] #5 Dig\n- [ ] #6 Pour\n- [ ] #7 ", "#5", "#6"),
    "tickets": ("- [ ] A-1: Dig\n- [ ] A-2: Pour\n- [ ] A-3: ", "A-1", "A-2"),
    "superpowers": ("### Task 1: Dig\n\n### Task 2: Pour\n\n### Task 3: ", "Task 1", "Task 2"),
    "gsd": ("### Phase 1: Pit\n\nPlans:\n- [ ] 01-01-PLAN.md - Dig\n- [ ] 01-02-PLAN.md - Pour\n"
            "- [ ] 01-03-PLAN.md - ", "01-01", "01-02"),
    "table": ("| ID | Task | Branch |\n|---|---|---|\n| A-1 | Dig | |\n| A-2 | Pour | |\n| A-3 | ", "A-1", "A-2"),
}  # fmt: skip


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize(
    "lead",
    [
        "Blocked by {}:", "Depends on {}:", "After {},", "Requires {} -", "Needs {} \u2014", "Depends on: {}.",
        "**Waits for {}:**", "Follows {}:", "Once {} is merged:", "blocked by {} (floor):", "Builds on {};",
        "(after {})",
    ],
)  # fmt: skip
def test_a_need_that_stands_before_a_title_is_read(form: str, lead: str) -> None:
    lines, first, second = LISTS[form]
    plan, done = read(f"# House\n\n{lines}{lead.format(second)} Walls\n")
    ids = [unit for units in plan["waves"].values() for unit in units]
    assert plan["needs"] == {ids[2]: [ids[1]]} and plan["titles"][ids[2]] == "Walls" and done.diagnostics == ()
    plan, done = read(f"# House\n\n{lines}{lead.format(f'{first} and {second}')} Walls (needs {first})\n")
    assert plan["needs"] == {ids[2]: ids[:2]} and plan["titles"][ids[2]] == "Walls" and done.diagnostics == ()


def test_what_begins_a_title_like_a_need_and_names_no_unit_stays_in_it() -> None:
    titles = [
        "Requires Python 3.11: upgrade", "After 3 days: remove it", "Needs 2 - 3 people", "After login, show 3 rows",
        "Depends on 2 libraries: a, b", "Once per hour: 5 jobs", "After 12:30 lunch",
    ]  # fmt: skip
    lines = "".join(f"- [ ] 1.{place} {title}\n" for place, title in enumerate(titles, 1))
    plan, done = read(f"# House\n\n## 1. Pit\n{lines}")
    assert list(plan["titles"].values()) == titles and plan["needs"] == {} and done.diagnostics == ()


ROOFS = {  # documents whose last unit says in the place `%` what it needs
    "openspec": "## 1. Pit\n- [ ] 1.1 Dig\n\n## 2. Roof\n- [ ] 2.1 Tiles\n%",
    "spec-kit": "## Phase 1: Pit\n\n- [ ] T001 Dig\n\n## Phase 2: Roof\n\n- [ ] T002 Tiles\n%",
    "conductor": "## Phase 1: Pit\n\n- [ ] Task: Dig\n\n## Phase 2: Roof\n\n- [ ] Task: Tiles\n%",
    "waves": "## Wave 1\n\n- [ ] #5 Dig\n\n## Wave 2\n\n- [ ] #6 Tiles\n%",
    "bmad": "## Epic 1: House\n\n### Story 1.1: Dig\n\n### Story 1.2: Tiles\n%",
    "branches": "## Wave 1\n\n- feature/pit\n\n## Wave 2\n\n- feature/roof\n%",
    "gsd": "### Phase 1: Pit\n\nPlans:\n- [ ] 01-01-PLAN.md - Dig\n%",
    "table": "| ID | Task | Wave | Depends on |\n|---|---|---|---|\n| A-1 | Dig | 1 | |\n| A-2 | Tiles | 2 | A-1 |\n%",
    "worktrees": "```bash\ngit worktree add ../a -b feature/pit\n```\n%",
}


@pytest.mark.parametrize("form", ROOFS)
@pytest.mark.parametrize(
    "group", ["Wave 0", "Phase 9", "Milestone 3", "Waves 0 and 1", "W0", "Epic 8", "all of Sprint 7"]
)
@pytest.mark.parametrize(
    "text", ["  - Depends on {}", "\nThe tiles depend on {}.\n", "\n{} must be done first.\n", "  - Blocked by {}"]
)
def test_a_need_of_a_group_that_nothing_names_is_reported(form: str, group: str, text: str) -> None:
    before = import_text("x.md", f"# House\n\n{ROOFS[form].replace('%', '')}")
    done = import_text("x.md", f"# House\n\n{ROOFS[form].replace('%', text.format(group))}")
    line = len(f"# House\n\n{ROOFS[form]}".split("\n")) + text.startswith("\n")
    codes = {(d.code, d.line) for d in done.diagnostics}
    assert before.diagnostics == () and len(plans(done)) == len(plans(before)) == 1
    assert codes in ({("PP916", line)}, {("PP914", line)}) or plans(done)[0].get("depends_on") == [9]


def test_a_cell_that_needs_a_wave_which_nothing_names_is_reported_in_a_plan_in_waves() -> None:
    head = "| Branch | Agent | Depends on |\n|---|---|---|\n"
    two = f"{head}| feature/p5w2-roof | Agent 2 | Wave 1 |\n| feature/p5w2-door | Agent 3 | {{}} |\n"
    text = f"# Phase 5: House\n\n## Wave 1: Pit\n\n{head}| feature/p5w1-pit | Agent 1 | - |\n\n## Wave 2: Roof\n\n{two}"
    done = import_text("x.md", text.format("Wave 0"))
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 14)]
    assert done.diagnostics[0].message == "this needs Wave 0, which nothing in this document names"
    assert import_text("x.md", text.format("Wave 1")).diagnostics == ()


def test_a_heading_that_needs_a_wave_which_nothing_names_is_reported() -> None:
    text = "## Wave 1: Pit\n\n### A-1: Dig\n\n## Wave 2: Roof (depends on Wave {})\n\n### A-2: Tiles\n"
    assert import_text("x.md", f"# House\n\n{text.format(1)}").diagnostics == ()
    done = import_text("x.md", f"# House\n\n{text.format(0)}")
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 7)]


@pytest.mark.parametrize(
    "text",
    [
        "Wave 2 depends on Wave 1.", "This waits for Phase 4, and comes before Phase 9.", "Nothing waits for Wave 9.",
        "No unit depends on Wave 0.", "Ready after review round 2.", "Blocks Phase 9.", "After day 3 we rest.",
    ],
)  # fmt: skip
def test_what_needs_no_group_that_is_missing_is_not_reported(text: str) -> None:
    waves = "## Wave 1: Pit\n\n- [ ] #5 Dig\n\n## Wave 2: Roof\n\n- [ ] #6 Tiles\n"
    done = import_text("x.md", f"# Phase 5: House\n\n**Depends on:** Phase 4\n\n{waves}\n## Order\n\n{text}\n")
    assert done.diagnostics == ()
