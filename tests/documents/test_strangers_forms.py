"""Documents of strangers' projects are read whole: ids of letters, units that bold lines and numbers begin."""

from __future__ import annotations

from typing import Any

import pytest

from phaseplan.documents.importing.document import Imported, import_text
from tests.documents import formats

HEAD = "| ID | Task | Depends on |\n|---|---|---|\n"


def _read(text: str, file: str = "x.md") -> tuple[dict[str, Any], Imported]:
    """Import a document of one plan; return the plan as the readings are written, and the result."""
    done = import_text(file, text)
    (plan,) = (formats.compact(plan) for plan in formats.plans(done))
    return plan, done


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
        plan, done = _read(f"# House\n\n{text}")
        assert plan["titles"] == {a: "Dig", b: "Pour"} and plan["needs"] == {b: [a]} and done.diagnostics == ()


def test_such_ids_are_ids_in_a_plan_in_waves_full_of_prose() -> None:
    head = "| ID | Agent | Task | Depends on |\n|---|---|---|---|\n"
    one = f"## Wave 0: Pit\n\n{head}| W0-A | Agent 1 | Dig | - |\n| W0-B | Agent 2 | Pour | - |\n"
    two = f"## Wave 1: Walls\n\n{head}| W1-A | Agent 1 | Stones | W0-A, W0-B |\n"
    plan, done = _read(f"# Phase 3: House\n\n{one}\n{two}\nCritical path: W0-A \u2192 W1-A\n")
    assert plan["waves"] == {0: ["W0-A", "W0-B"], 1: ["W1-A"]} and plan["needs"] == {"W1-A": ["W0-A", "W0-B"]}
    assert done.diagnostics == ()


def test_boxes_begin_with_ids_only_if_every_box_does() -> None:
    plan, _ = _read("# House\n\n## Tasks\n\n- [ ] W0-A Dig the pit\n- [ ] W0-B Pour\n")
    assert plan["titles"] == {"W0-A": "Dig the pit", "W0-B": "Pour"}
    plan, _ = _read("# House\n\n## Tasks\n\n- [ ] S3 bucket for plans\n- [ ] Pour\n- [ ] 3D view\n")
    assert list(plan["titles"].values()) == ["S3 bucket for plans", "Pour", "3D view"]


def test_letters_that_rows_need_each_other_by_are_ids() -> None:
    head = "| File | Agent | Wave | Depends On |\n|---|---|---|---|\n"
    rows = "| `src/a.py` | A | 1 | - |\n| `src/b.py` | B | 1 | |\n| `src/c.py` | C | 2 | A + B |\n"
    plan, done = _read(f"# House\n\n{head}{rows}| `src/d.py` | D | 2 | Agent A |\n")
    assert plan["waves"] == {1: ["A", "B"], 2: ["C", "D"]} and done.diagnostics == ()
    assert plan["needs"] == {"C": ["A", "B"], "D": ["A"]}
    assert plan["owns"] == {"A": ["src/a.py"], "B": ["src/b.py"], "C": ["src/c.py"], "D": ["src/d.py"]}
    plan, _ = _read(
        "# House\n\n| Stream | Task | Blocks |\n|---|---|---|\n| WS-A | Dig | WS-B |\n| WS-B | Pour | - |\n"
    )
    assert plan["needs"] == {"B": ["A"]}
    text = "# House\n\n| Option | Name | Depends on |\n|---|---|---|\n| A | Wood | the budget |\n| B | Stone | none |\n"
    assert not import_text("x.md", text).texts


def test_a_word_a_dash_and_a_letter_begin_a_unit() -> None:
    text = (
        "**PR-A \u2014 Dig**\n\nAs `a.py` is.\n\n**PR-B \u2014 Pour**\n\nDepends on PR-A.\n\n**PR-C \u2014 Roof**\n\n"
    )
    plan, done = _read(f"# House\n\n{text}- Depends on: PR-A and PR-B\n")
    assert plan["titles"] == {"A": "Dig", "B": "Pour", "C": "Roof"} and done.diagnostics == ()
    assert plan["needs"] == {"B": ["A"], "C": ["A", "B"]}
