"""What a person reads about a phase in Airflow: a box of 48 characters that draws no mermaid."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.airflow.compile.docs import WIDTH, doc_md
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan

TOP = Path(__file__).resolve().parents[2]

DRAWING = """
```text
Wave 1: Core API Types
├─ 5.1.1 synctarget-api
├─ 5.1.2 apiresource-types
└─ 5.1.3 placement-types

Wave 2: Extended APIs & Resources
├─ 5.2.1 workload-dist         ◄ 5.1.1 5.1.3
├─ 5.2.2 transform-types       ◄ 5.1.1
├─ 5.2.3 status-types          ◄ 5.1.1
└─ 5.2.4 discovery-types       ◄ 5.1.2

Wave 3: Contracts & Interfaces
├─ 5.3.1 syncer-interfaces     ◄ 5.1.1 5.1.2
├─ 5.3.2 placement-interfaces  ◄ 5.1.3 5.2.1
└─ 5.3.3 vw-interfaces         ◄ 5.2.4
```
"""


@pytest.fixture(scope="module")
def plan() -> PhasePlan:
    """Phase 5."""
    (loaded,) = load_valid([TOP / "include/plans/phase-05.yaml"], TOP / "include/agents.yaml").plans
    return loaded.plan


def retitled(plan: PhasePlan, title: str, **first: object) -> PhasePlan:
    """The same with this title for its first wave and branch."""
    wave = plan.waves[0]
    branch = wave.branches[0].model_copy(update={"title": title, **first})
    changed = wave.model_copy(update={"title": title, "branches": (branch, *wave.branches[1:])})
    return plan.model_copy(update={"waves": (changed, *plan.waves[1:])})


def drawing(text: str) -> list[str]:
    """The lines of the code block."""
    return text.split("```text\n")[1].split("\n```")[0].splitlines()


def test_the_graph_reads_without_being_drawn(plan: PhasePlan) -> None:
    assert DRAWING in doc_md(plan, limited=True)
    assert "[The phase on the board](/b/5)" in doc_md(plan, limited=True, board="/b/5")
    assert "mermaid" not in doc_md(plan, limited=True)


def test_nothing_is_wider_than_the_box(plan: PhasePlan) -> None:
    needs = tuple(f"5.9.{n}" for n in range(40))
    branch = f"feature/{'long-' * 20}name"
    lines = drawing(doc_md(retitled(plan, "word " * 30, branch=branch, depends_on=needs), limited=True))
    assert max(map(len, lines)) <= WIDTH
    assert all(any(need in line for line in lines) for need in needs)


def test_a_title_cannot_break_out_of_its_cell(plan: PhasePlan) -> None:
    text = doc_md(retitled(plan, "one | two\n``` <b>bold</b> [x](http://y)"), limited=True)
    rows = [line for line in text.splitlines() if line.startswith("| 1 ")]
    assert len(rows) == 3
    assert all(row.replace(r"\|", "").count("|") == 6 for row in rows)
    assert r"one \| two \`\`\` \<b\>bold\</b\> \[x\](http://y)" in rows[0]
    assert text.count("\n```") == 2
