"""Documents of strangers' projects: what is no plan is not read as one, and what could be one is reported."""

from __future__ import annotations

import pytest

from phaseplan.documents.importing.document import import_text
from tests.documents.formats import read


def table(heads: str, *rows: str) -> str:
    """Write a table, the cells of a row between commas."""
    lines = [heads, ",".join("-" for _ in heads.split(",")), *rows]
    return "".join(f"| {' | '.join(line.split(','))} |\n" for line in lines)


THINGS = {
    "agents": table("Agent,Model,Depends on", "A1,opus,-", "A2,sonnet,A1"),
    "agents by letter": table("Agent,Model,Tools,Depends on", "A,opus,bash,-", "B,sonnet,edit,A"),
    "roles": table("ID,Agent,Model,Depends on", "R-1,planner,opus,-", "R-2,coder,sonnet,R-1"),
    "environments": table("Environment,URL,Depends on", "env-1,https://a.b,-", "env-2,https://c.d,env-1"),
    "services": table("#,Service,Port,Depends on", "1,auth-api,8080,2", "2,db-main,5432,-"),
    "images": table("Service,Image,Depends on", "S-1,org/api,-", "S-2,org/db,S-1"),
    "settings": table("Config key,Default,Depends on", "FEATURE_1,true,-", "FEATURE_2,false,FEATURE_1"),
    "values": table("Key,Default,Depends on", "FEATURE_1,true,-", "FEATURE_2,false,FEATURE_1"),
    "tools": table("ID,Tool,Version,Depends on", "T1,git,2.4,-", "T2,uv,0.5,T1"),
}


@pytest.mark.parametrize("kind", THINGS)
def test_a_table_about_things_that_need_each_other_is_no_plan(kind: str) -> None:
    done = import_text("x.md", f"# House\n\n{THINGS[kind]}")
    assert done.texts == () and [d.code for d in done.diagnostics] == ["PP915"]
    boxes = "## Phase 1: Pit\n\n- [ ] T901 Dig\n- [ ] T902 Pour\n"
    tasks = table("ID,Agent,Task,Depends on", "W-1,A1,Dig,-", "W-2,A2,Pour,W-1")
    for text, line in ((f"# House\n\n{boxes}\n## Set-up\n\n{THINGS[kind]}", 10), (f"{THINGS[kind]}\n{tasks}", 1)):
        plan, done = read(text)
        assert sum(map(len, plan["waves"].values())) == 2
        assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", line)]


def test_a_table_about_agents_is_no_part_of_a_plan_in_waves() -> None:
    head = "Branch,Agent,Depends on"
    one = f"## Wave 1: Pit\n\n{table(head, 'feature/p5w1-pit,Agent 1,-')}"
    two = f"## Wave 2: Roof\n\n{table(head, 'feature/p5w2-roof,Agent 2,feature/p5w1-pit')}"
    agents = table("Agent,Model,Depends on", "Agent 1,opus,-", "Agent 2,sonnet,Agent 1")
    plan, done = read(f"# Phase 5: House\n\nAgents 1 and 2 dig.\n\n{one}\n{two}\n## Agents\n\n{agents}")
    assert plan["waves"] == {1: ["5.1.1"], 2: ["5.2.1"]}
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 19)]


@pytest.mark.parametrize(
    "text",
    [
        table("Component,Branch,Depends on", "auth,feature/auth,-", "db,feature/db,feature/auth"),
        table("ID,Component,Depends on", "C-1,auth,-", "C-2,db,C-1"),
        table("Agent,Task,Model,Depends on", "A1,Dig,opus,-", "A2,Pour,opus,A1"),
        table("Agent,Files,Depends on", "A1,a.py,-", "A2,b.py,A1"),
        table("Agent,Focus,Model,Depends on", "A1,Back,opus,-", "A2,Front,opus,A1"),
        table("Service,Lines,Port,Depends on", "S-1,200,80,-", "S-2,300,81,S-1"),
        table("ID,Model,Depends on", "1,User,-", "2,Order,1"),
        table("#,Service,Depends on", "1,auth,-", "2,billing,1"),
        table("Key,Summary,Environment,Blocked by", "A-1,Dig,prod,", "A-2,Pour,dev,A-1"),
    ],
)  # fmt: skip
def test_a_table_of_things_that_are_to_be_made_is_work(text: str) -> None:
    plan, done = read(f"# House\n\n{text}")
    assert sum(map(len, plan["waves"].values())) == 2 and len(plan["needs"]) == 1 and done.diagnostics == ()


def test_a_table_about_agents_adds_the_needs_of_units_that_others_define() -> None:
    plan, done = read(f"# House\n\n### A1: Dig\n\n### A2: Pour\n\n## Agents\n\n{THINGS['agents']}")
    assert plan["needs"] == {"A2": ["A1"]} and plan["titles"] == {"A1": "Dig", "A2": "Pour"} and done.diagnostics == ()


LOGS = {
    "released waves": "## Wave 1 (released 2024-03-01)\n\n- [x] Fixed: login\n- [x] Added doors\n\n"
    "## Wave 2 (released 2024-04-01)\n\n- #16 Changed: roof\n- A-17: Removed the shed\n",
    "keep a changelog": "## [1.2.0] - 2024-03-01\n\n### Added\n\n- A-12: Dark mode\n- A-13: Light (after A-12)\n\n"
    "### Fixed\n\n- [x] A-14: Crash\n",
    "waves kept": "## Wave 1 (shipped)\n\n### Added\n\n- A-12: Dark mode\n- A-13: Light\n",
    "versions": "## v1.2.0 (2024-03-01)\n\n- #12 Fixed login\n- #13 Added logout\n",
    "branches": "## Phase 1: Base (shipped 2024-02-01)\n\n- feature/pit: added the pit\n- feature/roof: fixed it\n",
    "release notes": "## Release notes 2.0\n\n### Wave 1\n\n| PR | Title | By |\n|---|---|---|\n| #12 | Log | ann |\n"
    "| #13 | Door | bob |\n",
    "sections": "## Changelog\n\n### #12: Fix login\n\nText.\n\n### #13: Add logout\n\nText.\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", LOGS)
def test_what_records_the_past_is_no_plan(kind: str) -> None:
    done = import_text("x.md", f"# House\n\n{LOGS[kind]}")
    assert done.texts == () and [d.code for d in done.diagnostics] == ["PP915"]
    plan, done = read(f"# House\n\n## Tasks\n\n- [ ] #5 Dig\n- [ ] #6 Pour (after #5)\n\n{LOGS[kind]}")
    assert plan["waves"] == {1: ["5", "6"]} and plan["needs"] == {"6": ["5"]}
    assert {d.code for d in done.diagnostics} == {"PP916"}
    assert all("records what was done" in d.message for d in done.diagnostics)


def test_the_history_of_a_document_is_not_reported() -> None:
    log = "## Change Log\n\n| Date | Version | Description |\n|---|---|---|\n| 2024-01-01 | 1.0 | First |\n"
    plan, done = read(f"# House\n\n## Tasks\n\n- [ ] #5 Dig\n\n{log}\n## Fixed costs\n\n- [ ] #6 Pay\n")
    assert plan["titles"] == {"5": "Dig", "6": "Pay"} and done.diagnostics == ()


def test_an_open_box_in_a_changelog_and_waves_to_come_are_work() -> None:
    plan, done = read("# House\n\n## Changelog\n\n- [x] #5 Write it\n- [ ] #6 Print it\n  - Depends on #5\n")
    assert plan["titles"] == {"5": "Write it", "6": "Print it"} and plan["needs"] == {"6": ["5"]}
    plan, done = read("# House\n\n## Wave 1 (2026-03-01)\n\n- #5 Fix login\n- #6 Added doors\n")
    assert plan["titles"] == {"5": "Fix login", "6": "Added doors"} and done.diagnostics == ()
    plan, done = read("# House\n\n## Changelog page\n\n- [ ] Task: Dig\n\n## v1.3.0\n\n- [ ] Task: Pour\n")
    assert list(plan["titles"].values()) == ["Dig", "Pour"]


def test_a_released_wave_is_finished() -> None:
    plan, done = read("# House\n\n## Wave 1 (released)\n\n- [ ] #5 Dig\n\n## Wave 2\n\n- [ ] #6 Pour (after #5)\n")
    assert plan["waves"] == {2: ["6"]} and [d.code for d in done.diagnostics] == ["PP917"]
