"""Documents of strangers' projects are read whole: waves that lines list beside units which other places define."""

from __future__ import annotations

from tests.documents.formats import read

TABLE = "| # | Title | Depends on |\n|---|---|---|\n| #1 | Dig | - |\n| #2 | Pour | #1 |\n| #3 | Roof | #2 |\n"


def test_lines_that_list_the_units_of_waves_are_the_waves() -> None:
    plan, done = read(f"# House\n\n{TABLE}\n## Waves\n\n**Wave 1**: #1\n**Wave 2**: #2 (floor), #3 (merged)\n")
    assert plan["waves"] == {1: ["1"], 2: ["2", "3"]} and done.diagnostics == () and done.used == done.rows
    heads = "### #7 - Dig\n\n### #8 - Roof (south)\nDepends on: #7\n"
    plan, _ = read(f"# House\n\n## Issues\n\n{heads}\n## Waves\n\n1. Wave 0: #7 (pit)\n2. Wave 1: #8\n")
    assert plan["waves"] == {0: ["7"], 1: ["8"]} and plan["titles"]["8"] == "Roof (south)"


def test_a_unit_that_no_line_lists_waits_for_nothing() -> None:
    plan, _ = read(f"# House\n\n{TABLE}| #4 | Paint | - |\n\nWave 1: #1\nWave 2: #2, #3\n")
    assert plan["waves"] == {1: ["1", "4"], 2: ["2", "3"]} and plan["needs"] == {"2": ["1"], "3": ["2"]}


def test_a_line_that_lists_a_unit_in_another_wave_is_told() -> None:
    waves = f"## Wave 1: Pit\n\n{TABLE}\n## Wave 2: Shed\n\n{TABLE.replace('#', '#1')}\n"
    plan, done = read(f"# House\n\n{waves}\n## Summary\n\n- Wave 1: #1, #2\n- Wave 2: #11, #3\n")
    assert plan["waves"][1] == ["1", "2", "3"]
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP912", 23)]


def test_counts_and_reasons_behind_a_wave_list_no_units() -> None:
    table = TABLE.replace("| #", "| ").replace("|  |", "| ID |")
    plan, _ = read(f"# House\n\n{table}\n- Wave 1: 2\n- Wave 2: 1\n")
    assert list(plan["waves"].values()) == [["1", "2", "3"]]
    plan, _ = read(f"# House\n\n{TABLE}\n- Wave 2: #3 needs #1\n")
    assert list(plan["waves"].values()) == [["1", "2", "3"]] and plan["needs"]["3"] == ["1", "2"]


def test_a_need_of_a_wave_is_one_of_its_units_by_its_short_name_too() -> None:
    waves = "## Wave 0: Pit\n\n- [ ] A-1: Dig\n\n## Wave 1: Walls\n\n- [ ] A-2: Stones (depends on W0)\n"
    plan, done = read(f"# House\n\n{waves}- [ ] A-3: Door (depends on Wave 0)\n")
    assert plan["needs"] == {"A-2": ["A-1"], "A-3": ["A-1"]} and done.diagnostics == ()


def test_waves_in_code_are_read_in_a_document_full_of_prose() -> None:
    roles = "- #1 (dig + pour) \u2192 backend\n- #2 (walls) \u2192 backend\n- #3 (roof) \u2192 frontend\n"
    why = "- **Wave 1**: #1 (dig) has no deps. #2 has none.\n- **Wave 2**: #3 waits on both, which is why it is last.\n"
    text = f"The fix of #9 and 2 agents.\n\n## Waves\n\n```\nWave 1: #1, #2\nWave 2: #3\n```\n\nWhy:\n{why}\n{roles}"
    plan, done = read(f"# Review of Sprint 9\n\n{text}")
    assert plan["waves"] == {1: ["1", "2"], 2: ["3"]} and plan["wave_titles"] == {} and done.diagnostics == ()
    assert plan["titles"] == {"1": "dig + pour", "2": "walls", "3": "roof"}


def test_a_heading_that_names_the_wave_before_it_opens_its_own() -> None:
    one = "### Wave 1 - Start\n\n- [ ] Task 1: Dig\n\n### Wave 2 - Depends on Wave 1 (dry)\n\n- [ ] Task 2: Pour\n"
    plan, _ = read(f"# House\n\n```\nTask 1 and 2 agents, 6.9.9\n```\n\n{one}\nThe 2 agents meet.\n")
    assert plan["waves"] == {1: ["1"], 2: ["2"]} and plan["wave_titles"] == {1: "Start"}


def test_rows_of_a_wave_may_stand_between_those_of_others() -> None:
    rows = "| A-1 | Dig | 1 | |\n| A-2 | Pour | 2 | A-1 |\n| A-3 | Fell | 1 | |\n"
    plan, _ = read(f"# House\n\n| ID | Task | Wave | Needs |\n|---|---|---|---|\n{rows}")
    assert plan["waves"] == {1: ["A-1", "A-3"], 2: ["A-2"]}


def test_a_git_name_that_stands_at_its_agents_number_is_the_name_behind_it() -> None:
    first, second = "- Agent 1: feature/h-01-repairs", "- Agent 1feature/h-04-pit (depends on feature/h-01-repairs)"
    plan, _ = read(f"# House\n\n## Wave 0: Repairs (Day 0-1)\n{first}\n\n## Wave 1: Core (Day 1-3)\n{second}\n")
    assert plan["names"] == {"0.0.1": "feature/h-01-repairs", "0.1.1": "feature/h-04-pit"}
    assert plan["needs"] == {"0.1.1": ["0.0.1"]}


def test_a_branch_whose_line_names_a_known_one_too_is_reported_if_it_is_not_read() -> None:
    waves = "## Wave 1\n\n- feature/pit: Dig\n\n## Wave 2\n\n- feature/roof: Tiles, which needs feature/pit.\n"
    plan, done = read(f"# House\n\n{waves}")
    assert list(plan["names"].values()) == ["feature/pit"]
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 9)]
