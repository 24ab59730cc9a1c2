"""Documents of strangers' projects are read whole: ids of letters, units that bold lines and numbers begin."""

from __future__ import annotations

import pytest

from phaseplan.documents.importing.document import import_text
from tests.documents.formats import read

HEAD = "| ID | Task | Depends on |\n|---|---|---|\n"


@pytest.mark.parametrize(
    ("a", "b"), [("W0-A", "W0-B"), ("1-A", "T-1a"), ("P1-S1", "P1-S2"), ("1A", "2B"), ("W0-A", "W1-B2")]
)
def test_ids_with_a_letter_behind_a_number_are_ids_everywhere(a: str, b: str) -> None:
    texts = (
        f"{HEAD}| {a} | Dig | - |\n| {b} | Pour | {a} |\n",
        f"- {a}: Dig\n- {b}: Pour (depends on {a})\n",
        f"- **{a}** Dig\n- **{b}** Pour\n  - Depends on: {a}\n" if a[:2] == b[:2] else "",
        f"## Tasks\n\n- [ ] {a}: Dig\n- [ ] {b}: Pour\n\n{b} depends on {a}.\n",
        f"### {a}: Dig\n\n### {b}: Pour\n\n**Depends on:** {a}\n",
    )
    for text in filter(None, texts):
        plan, done = read(f"# House\n\n{text}")
        assert plan["titles"] == {a: "Dig", b: "Pour"} and plan["needs"] == {b: [a]} and done.diagnostics == ()


def test_such_ids_are_ids_in_a_plan_in_waves_full_of_prose() -> None:
    head = "| ID | Agent | Task | Depends on |\n|---|---|---|---|\n"
    one = f"## Wave 0: Pit\n\n{head}| W0-A | Agent 1 | Dig | - |\n| W0-B | Agent 2 | Pour | - |\n"
    two = f"## Wave 1: Walls\n\n{head}| W1-A | Agent 1 | Stones | W0-A, W0-B |\n"
    plan, done = read(f"# Phase 3: House\n\n{one}\n{two}\nCritical path: W0-A \u2192 W1-A\n")
    assert plan["waves"] == {0: ["W0-A", "W0-B"], 1: ["W1-A"]} and plan["needs"] == {"W1-A": ["W0-A", "W0-B"]}
    assert done.diagnostics == ()


def test_boxes_begin_with_ids_only_if_every_box_does() -> None:
    plan, _ = read("# House\n\n## Tasks\n\n- [ ] W0-A Dig the pit\n- [ ] W0-B Pour\n")
    assert plan["titles"] == {"W0-A": "Dig the pit", "W0-B": "Pour"}
    plan, _ = read("# House\n\n## Tasks\n\n- [ ] S3 bucket for plans\n- [ ] Pour\n- [ ] 3D view\n")
    assert list(plan["titles"].values()) == ["S3 bucket for plans", "Pour", "3D view"]


def test_letters_that_rows_need_each_other_by_are_ids() -> None:
    head = "| File | Agent | Wave | Depends On |\n|---|---|---|---|\n"
    rows = "| `src/a.py` | A | 1 | - |\n| `src/b.py` | B | 1 | |\n| `src/c.py` | C | 2 | A + B |\n"
    plan, done = read(f"# House\n\n{head}{rows}| `src/d.py` | D | 2 | Agent A |\n")
    assert plan["waves"] == {1: ["A", "B"], 2: ["C", "D"]} and done.diagnostics == ()
    assert plan["needs"] == {"C": ["A", "B"], "D": ["A"]}
    assert plan["owns"] == {"A": ["src/a.py"], "B": ["src/b.py"], "C": ["src/c.py"], "D": ["src/d.py"]}
    plan, _ = read("# House\n\n| Stream | Task | Blocks |\n|---|---|---|\n| WS-A | Dig | WS-B |\n| WS-B | Pour | - |\n")
    assert plan["needs"] == {"B": ["A"]}
    text = "# House\n\n| Option | Name | Depends on |\n|---|---|---|\n| A | Wood | the budget |\n| B | Stone | none |\n"
    assert not import_text("x.md", text).texts


def test_a_word_a_dash_and_a_letter_begin_a_unit() -> None:
    text = (
        "**PR-A \u2014 Dig**\n\nAs `a.py` is.\n\n**PR-B \u2014 Pour**\n\nDepends on PR-A.\n\n**PR-C \u2014 Roof**\n\n"
    )
    plan, done = read(f"# House\n\n{text}- Depends on: PR-A and PR-B\n")
    assert plan["titles"] == {"A": "Dig", "B": "Pour", "C": "Roof"} and done.diagnostics == ()
    assert plan["needs"] == {"B": ["A"], "C": ["A", "B"]}


def test_a_phase_that_a_column_names_is_needed_by_that_name() -> None:
    head = "| ID | Task | Phase | Depends on |\n|---|---|---|---|\n"
    rows = "| A-1 | Dig | Phase 0 | |\n| A-2 | Pour | Phase 1 | Phase 0 |\n| A-3 | Fell | Phase 0 | |\n"
    plan, done = read(f"# House\n\n{head}{rows}| A-4 | Roof | Phase 2 | Phases 0 and 1 |\n")
    assert plan["waves"] == {0: ["A-1", "A-3"], 1: ["A-2"], 2: ["A-4"]} and done.diagnostics == ()
    assert plan["needs"] == {"A-2": ["A-1", "A-3"], "A-4": ["A-1", "A-2", "A-3"]}
    plan, done = read("# House\n\n| # | Task | Depends on |\n|---|---|---|\n| 0 | Dig | - |\n| 1 | Pour | Phase 0 |\n")
    assert plan["needs"] == {} and [d.code for d in done.diagnostics] == ["PP914"]


def test_a_path_that_another_is_to_be_like_is_not_owned() -> None:
    one = "- [ ] T001 Write src/a.py like src/b.py\n- [ ] T002 Write src/c.py, as in `src/d.py` and `src/e.py`\n"
    two = "- [ ] T003 Fix src/f.py (see [g](src/g.py))\n- [ ] T004 Make src/h.py following src/i.py and run src/j.py\n"
    plan, _ = read(f"# Tasks: House\n\n## Phase 1: A\n\n{one}{two}")
    owns = {"T001": ["src/a.py"], "T002": ["src/c.py"], "T003": ["src/f.py"], "T004": ["src/h.py", "src/j.py"]}
    assert plan["owns"] == owns
