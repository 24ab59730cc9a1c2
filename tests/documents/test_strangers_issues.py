"""Documents of strangers' projects are read whole: lists and tables of issues, what is not planned, git names."""

from __future__ import annotations

from tests.documents.formats import read


def test_a_link_around_an_issue_is_the_issue() -> None:
    plan, done = read("# Work\n\n- [ ] #5 Dig\n- [ ] [#6](https://x.org/6) Pour (after #5)\n")
    assert plan["titles"] == {"5": "Dig", "6": "Pour"} and plan["needs"] == {"6": ["5"]} and done.diagnostics == ()


def test_issues_below_boxes_that_only_group_them_are_units() -> None:
    plan, done = read(
        "# Release\n\n- [ ] Back\n  - [ ] #5 Dig\n  - [ ] #6 Pour (after #5)\n- [ ] Front\n  - [ ] #7 Roof\n"
    )
    assert plan["waves"] == {1: ["5", "6", "7"]} and plan["needs"] == {"6": ["5"]} and done.diagnostics == ()


def test_issues_without_boxes_are_units_of_their_waves_and_what_is_deferred_is_reported() -> None:
    waves = "### Wave 1\n- #5 Dig\n- #6 Pour\n\n### Wave 2\n- #7 Walls (needs #5)\n\n### Deferred\n- #9 Well\n"
    plan, done = read(f"# Plan\n\n{waves}")
    assert plan["waves"] == {1: ["5", "6"], 2: ["7"]} and plan["needs"] == {"7": ["5"]}
    assert plan["titles"]["7"] == "Walls" and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 11)]


def test_a_heading_beside_those_of_waves_ends_the_wave() -> None:
    text = "## Phase 1: A\n\n- [ ] Task: Dig\n\n## Phase 2: B\n\n- [ ] Task: Walls\n\n## Polish\n\n- [ ] Task: Paint\n"
    plan, _ = read(f"# Track\n\n{text}")
    assert plan["waves"] == {1: ["1.1"], 2: ["2.1"], 3: ["3.1"]} and plan["wave_titles"][3] == "Polish"


def test_the_ids_of_a_table_are_those_that_its_needs_name() -> None:
    head = "| # | Issue | Blocked by |\n|---|---|---|\n"
    plan, done = read(f"# Epic\n\n{head}| 1 | [#21](https://x.org/21) Dig | \u2014 |\n| 2 | #22 Pour | #21 |\n")
    assert plan["titles"] == {"21": "Dig", "22": "Pour"} and plan["needs"] == {"22": ["21"]} and done.diagnostics == ()


def test_empty_rows_and_totals_of_a_sprint_hide_nothing() -> None:
    head = "| Key | Summary | Points | Blocked by | Sprint |\n|---|---|---|---|---|\n"
    rows = "| **A-1** | Dig \\| pour | 3 | | Sprint 1 |\n| A-2 | Roof | 2 | A-1 | Sprint 2 |\n"
    rows += "| | | | | |\n| Total | | 5 | | |\n"
    plan, done = read(f"# Sprint plan\n\n{head}{rows}")
    assert (
        plan["waves"] == {1: ["A-1"], 2: ["A-2"]} and plan["titles"]["A-1"] == "Dig | pour" and done.diagnostics == ()
    )


def test_a_sentence_of_git_names_is_a_need_and_a_loop_of_work_trees_is_reported() -> None:
    adds = "```bash\ngit worktree add ../a -b feature/pit\ngit worktree add ../b -b feature/roof\n```\n"
    plan, done = read(f"# Agents\n\n{adds}\nMerge feature/pit before feature/roof.\n")
    assert plan["needs"] == {"2": ["1"]} and done.diagnostics == ()
    loop = "for b in x y; do\n  git worktree add ../$b -b feat/$b\ndone\ngit worktree add ../c -b feat/well\n"
    plan, done = read(f"#!/bin/sh\n{loop}", "x.sh")
    assert plan["names"] == {"1": "feat/well"} and [(d.code, d.line) for d in done.diagnostics] == [("PP916", 3)]


def test_a_ticket_without_a_mark_behind_it_is_one_beside_others_and_done_below_done() -> None:
    text = "## To do\n\n- A-2: Pour (blocked by A-1)\n- A-3 Roof\n\n## Done\n\n- A-1: Dig\n"
    plan, done = read(f"# Sprint\n\n{text}")
    assert plan["titles"] == {"A-2": "Pour", "A-3": "Roof", "A-1": "Dig"} and done.diagnostics == ()
    assert "the document says that A-1 is done" in (done.text or "")


def test_a_heading_whose_id_begins_those_below_it_is_their_group() -> None:
    one = "### E1: Pit\n\n#### E1-S1: Dig\n\n#### E1-S2: Pour\n\n### E2: House\n\n#### E2-S1: Roof\n\nDepends on: E1\n"
    plan, done = read(f"# House\n\n## Epics\n\n{one}")
    assert plan["waves"] == {1: ["E1-S1", "E1-S2"], 2: ["E2-S1"]} and done.diagnostics == ()
    assert plan["needs"] == {"E2-S1": ["E1-S1", "E1-S2"]} and plan["wave_titles"] == {1: "Pit", 2: "House"}
