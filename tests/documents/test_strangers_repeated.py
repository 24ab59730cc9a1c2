"""Documents of strangers' projects are read whole: what a second place says of units, and ids that stand twice."""

from __future__ import annotations

from typing import Any

import pytest

from phaseplan.documents.importing.document import Imported, import_text
from tests.documents import formats

TABLE = "## Dependencies\n\n| Task | Depends on |\n|---|---|\n"


def _read(text: str) -> tuple[dict[str, Any], Imported]:
    """Import a document of one plan; return the plan as the readings are written, and the result."""
    done = import_text("x.md", text)
    (plan,) = (formats.compact(plan) for plan in formats.plans(done))
    return plan, done


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        ("- [ ] T001 [P] Dig\n- [ ] T002 [P] Pour\n", "T001", "T002"),
        ("- [ ] 1. Quay\n  - [ ] 1.1 Dig\n  - [ ] 1.2 Pour\n", "1.1", "1.2"),
        ("## Tasks\n\n- [ ] #7 Dig\n- [ ] #8 Pour\n", "7", "8"),
    ],
)
def test_a_table_of_needs_is_of_the_boxes_above_it(text: str, one: str, two: str) -> None:
    plan, done = _read(f"# Tasks: House\n\n{text}\n{TABLE}| {one} | - |\n| {two} | {one} |\n")
    assert plan["needs"] == {two: [one]} and done.diagnostics == ()


def test_an_id_is_one_unit_and_its_second_line_is_reported() -> None:
    boxes = "## Phase 1: A\n\n- [ ] T001 Dig in a.py\n- [ ] T002 Pour\n\n## Validation Checklist\n\n- [ ] T001 is dug\n"
    plan, done = _read(f"# Tasks: House\n\n{boxes}")
    assert plan["waves"] == {1: ["T001", "T002"]} and plan["titles"]["T001"] == "Dig in a.py"
    assert [(d.code, d.line) for d in done.diagnostics] == [("PP916", 10)] and "line 5" in done.diagnostics[0].message


def test_numbers_that_begin_again_in_each_phase_are_numbers_of_the_phase() -> None:
    one = "## Phase 1: Pit\n\n### Task 1: Dig\n\n### Task 2: Pour\n\n**Depends on:** Task 1\n\n"
    plan, done = _read(
        f"# Plan\n\n{one}{one.replace('Phase 1', 'Phase 2').replace('Dig', 'Walls').replace('Pour', 'Roof')}"
    )
    assert plan["titles"] == {"1.1": "Dig", "1.2": "Pour", "2.1": "Walls", "2.2": "Roof"} and done.diagnostics == ()
    assert plan["needs"] == {"1.2": ["1.1"], "2.2": ["2.1"]}
