"""Documents of strangers' projects are read whole: forms of the known formats that no template shows."""

from __future__ import annotations

from pathlib import Path

from phaseplan.documents.importing.document import import_file, import_text
from tests.documents import formats
from tests.documents.formats import read


def test_bold_lines_below_a_story_in_bold_are_of_the_story() -> None:
    one = "**Story 1.1: Jetty**\n\n**Acceptance Criteria:**\n1. It floats\n\n**Prerequisites:** None\n\n---\n\n"
    two = "**Story 1.2: Ropes**\n\n**Acceptance Criteria:**\n1. They hold\n\n**Prerequisites:** Story 1.1\n"
    plan, done = read(f"# Harbour - Epic Breakdown\n\n## Epic 1: Quay\n\n{one}{two}")
    assert plan["needs"] == {"1.2": ["1.1"]} and done.diagnostics == ()


def test_what_an_epic_needs_is_needed_by_its_stories_where_epics_are_no_order() -> None:
    one = "## Epic 1: Quay\n\n### Story 1.1: Jetty\n\n**Prerequisites:** Story 3.1\n\n"
    two = (
        "## Epic 2: Ships\n\n**Depends on:** Epic 1\n\n### Story 2.1: Hull\n\n## Epic 3: Shed\n\n### Story 3.1: Roof\n"
    )
    plan, _ = read(f"# Harbour\n\n{one}{two}")
    assert plan["waves"] == {1: ["1.1", "2.1", "3.1"]} and plan["needs"] == {"1.1": ["3.1"], "2.1": ["1.1"]}


def test_an_item_goes_on_in_the_lines_below_it() -> None:
    one = "- [ ] 1.1 Measure the quay and write the depth\n      into `src/depth.py`, each metre\n  - [ ] step\n"
    two = "- [ ] 1.2 Dig\n      Files: src/dig.py\n"
    plan, _ = read(f"# Tasks: Harbour\n\n## 1. Quay\n\n{one}{two}")
    assert plan["titles"] == {"1.1": "Measure the quay and write the depth into src/depth.py, each metre", "1.2": "Dig"}
    assert plan["owns"] == {"1.1": ["src/depth.py"], "1.2": ["src/dig.py"]}


def test_plans_of_a_roadmap_begin_in_wave_0_and_are_listed_twice() -> None:
    first = "- [ ] 04-01-PLAN.md - Wave 0: Stubs\n- [ ] 04-02-PLAN.md - Wave 1: Pit\n"
    again = (
        "**Wave 0**\n\n- [ ] 04-01-PLAN.md - Write stubs\n\n**Wave 1** *(after Wave 0)*\n- [ ] 04-02-PLAN.md - Dig\n"
    )
    plan, _ = read(f"# Roadmap\n\n### Phase 4: Pit\n\nPlans:\n{first}\n{again}")
    assert plan["waves"] == {0: ["04-01"], 1: ["04-02"]} and plan["titles"] == {"04-01": "Stubs", "04-02": "Pit"}


def test_numbered_plans_of_a_roadmap_are_plans() -> None:
    first = "### Phase 4: Pit\n\n**Success Criteria:**\n1. It is deep\n\n**Plans:**\n- [ ] 04-01-PLAN.md - Dig\n\n"
    next_ = "### Phase 5: Walls\n**Depends on:** Phase 4\n\n**Success Criteria:**\n1. They stand\n\n**Plans:**\n"
    done = import_text("x.md", f"# Roadmap\n\n{first}{next_}1. Stones - lay them\n2. Windows\n")
    pit, walls = (formats.compact(plan) for plan in formats.plans(done))
    assert (pit["waves"], walls["waves"]) == ({1: ["04-01"]}, {1: ["05-01", "05-02"]}) and walls["depends_on"] == [4]
    assert walls["titles"] == {"05-01": "Stones - lay them", "05-02": "Windows"} and done.diagnostics == ()


def test_a_group_without_a_number_keeps_its_tasks_whatever_its_title_says() -> None:
    one = "## Phase 1: Quay\n\n- [ ] Task: Dig\n\n## Phase: Review Repairs\n\n- [ ] Task: Mend the rope\n"
    plan, done = read(f"# Track\n\n{one}")
    assert plan["titles"] == {"1.1": "Dig", "2.1": "Mend the rope"} and done.diagnostics == ()
    assert plan["wave_titles"] == {1: "Quay", 2: "Review Repairs"}


def test_what_a_document_says_below_its_checkboxes_is_not_said_of_the_last_one() -> None:
    boxes = "## Tasks\n\n- [ ] Dig the pit\n- [ ] Pour the floor\n- [ ] Lay the stones\n"
    plan, done = read(
        f"# Story 1.3: House\n\n{boxes}\n## Notes\n\n- **Effort:** 1 day\n- **Prerequisites:** Story 1.1\n"
    )
    assert plan["needs"] == {} and plan["times"] == {}
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 12)]


def test_a_number_by_place_is_no_id_that_a_text_means() -> None:
    boxes = "- [ ] Dig\n- [ ] Pour\n- [ ] Lay the stones (depends on 1.1)\n"
    plan, done = read(f"# House\n\n## Tasks\n\n{boxes}")
    assert plan["needs"] == {} and [d.code for d in done.diagnostics] == ["PP914"]


def test_a_table_says_once_more_what_headings_define_and_what_it_needs() -> None:
    heads = "".join(f"### Task {n}: Part {n}\n\nText.\n\n" for n in (1, 2, 3))
    head = "| # | Task | Dependencies | Parallel | Effort |\n|---|---|---|---|---|\n"
    rows = "| 1 | **Part 1** | None | 2 | 2 hours |\n| 2 | Part 2 | None | 1 | 1 hour |\n"
    rows += "| 3 | Part 3 | 1, 2 | | 1 hour |\n"
    plan, done = read(f"# Plan\n\n{heads}## Order\n\n{head}{rows}")
    assert plan["needs"] == {"3": ["1", "2"]} and plan["times"] == {"1": "2h", "2": "1h", "3": "1h"}
    assert done.diagnostics == () and done.used == done.rows


def test_kiros_graph_of_tasks_is_the_order() -> None:
    boxes = "- [ ] 1. Quay\n  - [ ] 1.1 Dig\n  - [ ] 1.2 Pour\n- [ ] 2. Checkpoint\n- [ ] 3. Crane\n  - [ ] 3.1 Motor\n"
    graph = '```json\n{"waves": [{"id": 0, "tasks": ["1.1", "3.1"]}, {"id": 1, "tasks": ["1.2"]}]}\n```\n'
    plan, _ = read(f"# Implementation Plan\n\n## Tasks\n\n{boxes}\n## Task Dependency Graph\n\n{graph}")
    assert plan["waves"] == {1: ["1.1", "3.1"], 2: ["1.2", "2"]} and plan["needs"] == {"2": ["1.2"]}


def test_tasks_of_task_master_stand_right_below_their_tag() -> None:
    tasks = '[{"id": 1, "title": "Dig"}, {"id": 2, "title": "Pour", "dependencies": [1, "1.2"]}]'
    plan, done = read(f'{{"master": {tasks}}}', "tasks.json")
    assert plan["needs"] == {"2": ["1"]} and done.diagnostics == ()


def test_a_document_of_backlog_is_no_task() -> None:
    front = "---\nid: doc-20\ntitle: What we do next\ntype: other\ncreated_date: '2026-08-14'\n---\n"
    table = "| Task | Dependencies |\n|---|---|\n| LAMP-1 | none |\n| LAMP-2 | LAMP-1 |\n"
    plan, _ = read(f"{front}# Queue\n\n{table}")
    assert plan["needs"] == {"LAMP-2": ["LAMP-1"]}


def test_a_plan_in_waves_with_prose_between_its_headings_is_read() -> None:
    one = "## Wave 1: Quay\n\n**Goal:** agents 1 and 2 begin\n\n### TASK-1.1: Dig\n- **Notes:** 6.8.0 of the digger\n\n"
    two = "## Wave 2: Crane\n\n### TASK-2.1: Motor\n- **Dependencies:** TASK-1.1\n\nDone before or after TASK-1.1.\n"
    plan, _ = read(f"# TASKS: Harbour\n\n{one}{two}")
    assert plan["waves"] == {1: ["TASK-1.1"], 2: ["TASK-2.1"]} and plan["needs"] == {"TASK-2.1": ["TASK-1.1"]}


def test_a_column_that_asks_or_weighs_is_no_title() -> None:
    asks = "| Issue | Needs an architect? | Size |\n|---|---|---|\n| #1 | Yes, many parts | |\n| #2 | No | 1d |\n"
    plan, _ = read(
        f"# Sprint\n\n{asks}\n| Issue | Impact | Depends on |\n|---|---|---|\n| #1 | Big one | |\n| #2 | Some | #1 |\n"
    )
    assert plan["titles"] == {} and plan["needs"] == {"2": ["1"]}


def test_a_title_is_whole_and_remarks_behind_it_are_none_of_it() -> None:
    heads = (
        "### Task 1: Quay (north and south)\n\n### Task 2: Crane (motor) (2 hours)\n\n### Task 3: Shed (depends on 1)\n"
    )
    plan, _ = read(f"# Plan\n\n{heads}")
    assert plan["titles"] == {"1": "Quay (north and south)", "2": "Crane (motor)", "3": "Shed"}
    plan, _ = read("# Plan\n\n## Phase 1: A\n\n- [ ] Task: Set up (25 rules, lint)\n- [ ] Task: Dig (P1)\n")
    assert plan["titles"] == {"1.1": "Set up (25 rules, lint)", "1.2": "Dig"}


def test_a_path_that_is_only_read_is_not_owned() -> None:
    text = "- [ ] T001 Write `src/a.py` based on data-model.md\n- [ ] T002 Test src/b.py as defined in `specs/b.json`\n"
    head = "**Prerequisites**: plan.md, spec.md, contracts/b.json\n"
    plan, done = read(f"# Tasks: Quay\n\n{head}\n## Phase 1: A\n\n{text}")
    assert plan["owns"] == {"T001": ["src/a.py"], "T002": ["src/b.py"]} and done.diagnostics == ()


def test_paths_go_on_in_the_next_line_and_a_name_with_spaces_is_none() -> None:
    files = "**Files:** guide `docs/How It Works.md` (a new part of\nthe guide), `CHANGELOG.md`,\n`src/a.py`"
    files += "; run `bash b.sh`.\n"
    plan, _ = read(f"# Plan\n\n### Task 1: Docs\n\n{files}Then it is told in c.md.\n\nSee d.md.\n")
    assert plan["owns"] == {"1": ["CHANGELOG.md", "src/a.py"]}
    plan, _ = read("# Plan\n\n### Task 1: Docs\n\n**Files:** `a.md`\n\nwhich is like b.md\n")
    assert plan["owns"] == {"1": ["a.md"]}


def test_ids_with_words_behind_them_and_waves_that_need_each_other_are_ids() -> None:
    head = "| Unit | Branch | Depends on |\n|---|---|---|\n"
    plan, _ = read(f"# Quay\n\n{head}| U1 stones | `feat/stones` | - |\n| V2a ropes | `feat/ropes` | U1 |\n")
    assert plan["needs"] == {"V2a": ["U1"]} and plan["titles"] == {"U1": "stones", "V2a": "ropes"}
    head = "| Wave | Branch | Theme | Depends on |\n|---|---|---|---|\n"
    plan, _ = read(f"# Quay\n\n{head}| W0 | `feat/a` | Dig | - |\n| W1 | `feat/b` | Pour | W0 (it is dug) |\n")
    assert plan["needs"] == {"W1": ["W0"]}


def test_a_title_keeps_its_brackets_and_a_size_in_days_is_a_time() -> None:
    table = "| ID | Task | Size |\n|---|---|---|\n| A-1 | Dig | 2d |\n| A-2 | Pour | 40 lines |\n"
    plan, _ = read(f"# [EPIC 83] Quay: stones\n\n{table}")
    assert plan["title"] == "[EPIC 83] Quay: stones"
    assert (plan["times"], plan["lines"]) == ({"A-1": "16h"}, {"A-2": 40})


def test_what_is_said_in_one_line_is_no_count_of_lines() -> None:
    table = "| ID | Branch | Depends on | Root cause (one line) |\n|---|---|---|---|\n"
    rows = "| 6.1.1 | feature/a | - | The lamp blinks 3 times at a.py:165 |\n| 6.1.2 | feature/b | 6.1.1 | 4 bolts |\n"
    prose = "All agents meet on day 2, and 3 of them stay.\n\n## Wave 1: Quay\n\n"
    plan, _ = read(f"# Phase 6: Harbour\n\n{prose}{table}{rows}")
    assert plan["needs"] == {"6.1.2": ["6.1.1"]} and plan["lines"] == {}


def test_a_plan_of_an_inserted_phase_is_none_of_the_phase_before_it(tmp_path: Path) -> None:
    for phase, needs in (("01-quay", "[]"), ("01.1-ropes", '["01-01"]')):
        front = f"phase: {phase}\nplan: 1\nwave: 1\ndepends_on: {needs}\nfiles_modified: [src/{phase}.ts]"
        (tmp_path / f"{phase}-PLAN.md").write_text(f"---\n{front}\n---\n\n# Part of {phase}\n")
    done = import_file(tmp_path)
    units = {unit for plan in formats.plans(done) for unit in formats.compact(plan)["titles"]}
    assert units == {"01-01", "01.1-01"}


def test_what_is_cancelled_is_left_out_and_said_so() -> None:
    rows = "| A-1 | Dig | Cancelled | |\n| A-2 | Pour | To do | A-1 |\n"
    plan, done = read(f"# Quay\n\n| ID | Task | Status | Depends on |\n|---|---|---|---|\n{rows}")
    assert plan["waves"] == {1: ["A-2"]} and plan["needs"] == {}
    assert [(d.code, d.line, d.severity) for d in done.diagnostics] == [("PP917", 5, "note")]


def test_a_title_in_a_plan_full_of_prose_keeps_its_brackets_too() -> None:
    heads = (
        "### 6.1.1: Dig (north, south), the pit\n\n### 6.1.2: Walls (~40 lines)\n\n### 6.1.3 (roof + door) \u2192 Ann\n"
    )
    plan, _ = read(f"# Phase 6: House\n\nThe 2 agents meet before 6.9.9 of the plan.\n\n{heads}")
    assert plan["titles"] == {"6.1.1": "Dig (north, south)", "6.1.2": "Walls", "6.1.3": "roof + door"}


def test_what_a_user_story_needs_is_needed_by_its_tasks() -> None:
    one = "## Phase 1: A\n\n- [ ] T001 [P] Dig\n- [ ] T002 [P] [US2] Test\n- [ ] T003 [P] Pour\n"
    two = "## Phase 2: Story 2\n\n- [ ] T004 [P] [US2] Walls\n- [ ] T005 [P] [US2] Roof\n"
    plan, done = read(f"# Tasks: House\n\n{one}\n{two}\n## Dependencies\n\n- US2 depends on T003 (the floor)\n")
    assert plan["needs"] == {"T004": ["T003"], "T005": ["T003"]} and done.diagnostics == ()


def test_arrows_between_ids_in_plain_code_are_needs() -> None:
    boxes = "- [ ] 1. Quay\n  - [ ] 1.1 Dig\n  - [ ] 1.2 Pour\n- [ ] 2. Crane\n  - [ ] 2.1 Motor\n"
    code = "```\n1.1 --> 1.2 \u2500\u2500\u25ba 2.1\n1.1 --> +--> 2.1\nA-7 --> A-9\n```\n"
    plan, done = read(f"# Implementation Plan\n\n{boxes}\n## Order\n\n{code}")
    assert plan["needs"] == {"1.2": ["1.1"], "2.1": ["1.2"]}
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 14)]


def test_the_words_of_a_link_are_a_path_and_not_where_it_leads() -> None:
    plan, _ = read("# Tasks: Quay\n\n- [ ] T001 Dig in [src/a.ts](src/a.ts)\n- [ ] T002 Pour in [b.ts](../x/b.ts)\n")
    assert plan["owns"] == {"T001": ["src/a.ts"], "T002": ["b.ts"]}


def test_pull_requests_of_a_table_have_titles_behind_their_ids_or_beside_them() -> None:
    head = "| Order | PR | Branch | Depends on |\n|---|---|---|---|\n"
    rows = "| 1 | #7 \u2014 Dig | `feat/a` | main |\n| 2 | #8 - Pour | `feat/b` | #7 |\n"
    plan, done = read(f"# Merge order\n\n{head}{rows}| 3 | \u2014 | `feat/c` | #8 |\n")
    assert plan["titles"] == {"7": "Dig", "8": "Pour"} and done.diagnostics == ()
    assert plan["needs"] == {"8": ["7"], "0.1.1": ["8"]} and plan["names"]["0.1.1"] == "feat/c"
    rows = "| 1 | Dig the pit | `feat/a` | |\n| 2 | Pour | `feat/b` | 1 |\n"
    plan, _ = read(f"# Merge order\n\n{head.replace('Order', '#')}{rows}")
    assert plan["titles"] == {"1": "Dig the pit", "2": "Pour"}


def test_a_letter_and_a_number_behind_it_are_one_id() -> None:
    heads = "### Task 3A-1: Dig\n\n### Task 3A-2: Pour\n\n**Depends on:** Task 3A-1\n"
    plan, _ = read(f"# Plan\n\n{heads}")
    assert plan["titles"] == {"3A-1": "Dig", "3A-2": "Pour"} and plan["needs"] == {"3A-2": ["3A-1"]}


def test_keys_with_boxes_before_them_are_read() -> None:
    keys = "- [x] **Files:** `src/a.ts`\n- [ ] **Dependencies:** Chunks A and B\n- [ ] Lay the **stones**\n"
    plan, done = read(f"# House\n\n### Chunk A - Dig\n\n### Chunk B - Pour\n\n### Chunk C - Walls\n\n{keys}")
    assert plan["needs"] == {"C": ["A", "B"]} and plan["owns"] == {"C": ["src/a.ts"]} and done.diagnostics == ()


def test_a_roadmap_without_any_tasks_is_refused_with_what_it_lacks() -> None:
    done = import_text("x.md", "# Roadmap\n\nText.\n\n## Phase 1: Quay\n\n**Goal**: A quay\n\n## Phase 2: Crane\n")
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP915", 5)]
    assert "names its phases, Phase 1 first, and no units of work in them" in done.diagnostics[0].message


def test_issues_of_a_low_risk_are_no_risks() -> None:
    plan, done = read("# Updates\n\n### Low-risk issues\n\n- [ ] #18 Node\n\n### Risks\n\n- [ ] #1 It breaks\n")
    assert plan["titles"] == {"18": "Node"} and done.diagnostics == ()


def test_a_line_in_bold_with_a_remark_behind_it_groups_what_stands_below() -> None:
    two = "**Phase 2** (after Phase 1)\n- [ ] #3 Roof\n"
    plan, _ = read(f"# Tracking\n\n**Phase 1**\n- [ ] #1 Dig\n- [ ] #2 Pour\n\n{two}")
    assert plan["waves"] == {1: ["1", "2"], 2: ["3"]}


def test_linear_says_duplicate_and_cycle_number() -> None:
    rows = "A-1,Dig,Todo,3,\nA-3,Dig,Duplicate,3,\nA-2,Pour,Backlog,4,A-1\n"
    plan, done = read(f"ID,Title,Status,Cycle Number,Blocked by\n{rows}", "x.csv")
    assert plan["waves"] == {3: ["A-1"], 4: ["A-2"]} and [d.code for d in done.diagnostics] == ["PP917"]


def test_a_work_tree_that_begins_with_another_branch_needs_it() -> None:
    adds = "git worktree add -b feature/a ../a main\ngit worktree add -b feature/b ../b feature/a\n"
    more = "git worktree add -b feature/[name] ../c\ngit worktree add -b feature/<name> ../c main\n"
    plan, _ = read(f"#!/bin/sh\n# one after the other\n{adds}{more}", "x.sh")
    assert list(plan["names"].values()) == ["feature/a", "feature/b"] and plan["needs"] == {"2": ["1"]}
    assert "title" not in plan


def test_code_in_a_title_keeps_what_stands_in_angle_brackets() -> None:
    plan, _ = read("# Tasks: Quay\n\n- [ ] T001 Parse `Token <jwt>` of <b>each</b> `List<T>`\n- [ ] T002 Pour\n")
    assert plan["titles"]["T001"] == "Parse Token <jwt> of each List<T>"
