"""Ids unlike `5.1.1`, and waves by other names."""

from __future__ import annotations

from typing import Any

import pytest

from phaseplan.documents.export.document import markdown
from phaseplan.documents.importing.document import import_text
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.yaml.load import parse

TABLE = """# Phase 3: Search

## Wave 1: One
| ID | Branch | Title | Lines | Depends on | Files |
|---|---|---|---|---|---|
| {a} | `x/one` | Index | 100 | - | `a/` |
| {b} | `x/two` | Query | 200 | none | `b/` |
| {c} | `x/three` | Rank | 300 | - | `c/` |

## Wave 2: Two
| ID | Branch | Title | Lines | Depends on | Files |
|---|---|---|---|---|---|
| {d} | `x/four` | Joined | 400 | {needs} | `d/` |
"""


def imported(text: str) -> dict[str, Any]:
    made = import_text("plan.md", text).text
    assert made is not None
    return dict(parse("plan.yaml", made).data or {})


def needs(ids: tuple[str, str, str, str], text: str) -> list[str]:
    a, b, c, d = ids
    data = imported(TABLE.format(a=a, b=b, c=c, d=d, needs=text))
    assert [x["branch"] for x in data["waves"][0]["branches"]] == ["x/one", "x/two", "x/three"]
    return list(data["waves"][1]["branches"][0].get("depends_on", []))


@pytest.mark.parametrize(
    ("ids", "text", "wanted"),
    [
        (("HAI-001", "HAI-002", "HAI-003", "HAI-004"), "HAI-001 (schema), HAI-003", ["HAI-001", "HAI-003"]),
        (("HAI-001", "HAI-002", "HAI-003", "HAI-004"), "HAI-001-003", ["HAI-001", "HAI-002", "HAI-003"]),
        (("HAI-001", "HAI-002", "HAI-003", "HAI-004"), "HAI-001/003", ["HAI-001", "HAI-003"]),
        (("HAI-001", "HAI-002", "HAI-003", "HAI-004"), "HAI-001 to HAI-002", ["HAI-001", "HAI-002"]),
        (("A1", "A2", "B1", "C1"), "A1 + B1", ["A1", "B1"]),
        (("A1", "A2", "A3", "C1"), "A1-A3", ["A1", "A2", "A3"]),
        (("Task 1", "Task 2", "Task 3", "Task 4"), "Tasks 1 and 3", ["1", "3"]),
        (("Task 1", "Task 2", "Task 3", "Task 4"), "Tasks 1-3", ["1", "2", "3"]),
        (("#37", "#38", "#39", "#40"), "#37, #39", ["37", "39"]),
        (("1", "2", "3", "4"), "1, 3", ["1", "3"]),
        (("1.1", "2.1", "2.2", "6.1"), "1.1, 2.2", ["1.1", "2.2"]),
        (("W1-T1", "W1-T2", "W1-T3", "W2-T1"), "W1-T1/T3", ["W1-T1", "W1-T3"]),
        (("W1-T1", "W1-T2", "W1-T3", "W2-T1"), "all previous waves", ["W1-T1", "W1-T2", "W1-T3"]),
        (("E3.1.1", "E3.1.2", "E3.1.2a", "E3.2.1"), "E3.1.2a", ["E3.1.2a"]),
        (("3.1.1", "3.1.2", "3.1.3", "3.2.1"), "3.1.1-2", ["3.1.1", "3.1.2"]),
    ],
)
def test_ids_of_many_kinds(ids: tuple[str, str, str, str], text: str, wanted: list[str]) -> None:
    assert needs(ids, text) == wanted


def test_messages_use_the_documents_own_ids() -> None:
    text = TABLE.format(a="HAI-1", b="HAI-2", c="HAI-3", d="HAI-4", needs="HAI-1, Nonsense Thing")
    text += "\n### Critical Path\nHAI-2 -> HAI-4\n\n## Dependency Notes\n- HAI-2 goes before HAI-3 at night\n"
    done = import_text("plan.md", text)
    said = " ".join(f"{d.message} {d.hint}" for d in done.diagnostics)
    assert "the critical path goes HAI-2 -> HAI-4" in said and "3.0." not in said
    assert done.text is not None and "HAI-2 goes before HAI-3" in done.text and "3.0." not in done.text


def test_waves_that_are_called_stages_are_read() -> None:
    text = TABLE.format(a="A1", b="A2", c="A3", d="B1", needs="Stage 1").replace("## Wave", "## Stage")
    text += "\n## Dependency Notes\n- Stages 1 and 2 are strictly in order\n"
    data = imported(text)
    assert [w["wave"] for w in data["waves"]] == [1, 2] and data["waves"][0]["title"] == "One"
    assert data["waves"][1]["branches"][0]["depends_on"] == ["A1", "A2", "A3"]
    assert data["notes"] == ["Stages 1 and 2 are strictly in order"]


def test_agents_in_a_table_are_not_read_as_ids() -> None:
    rows = "| A1 | CORE-1 | - |\n| A2 | CORE-2 | CORE-1 |\n"
    text = f"# Phase 2: X\n\n### Wave 1: Y\n| Agent ID | Task | Dependencies |\n|---|---|---|\n{rows}"
    branches = imported(text)["waves"][0]["branches"]
    assert [(b["id"], b.get("depends_on", [])) for b in branches] == [("CORE-1", []), ("CORE-2", ["CORE-1"])]


def test_a_plan_with_ids_of_its_own_comes_back() -> None:
    branches = [
        {"id": "HAI-001", "branch": "feature/one", "title": "One", "owns": ["a/"]},
        {"id": "Task 7", "branch": "feature/two", "title": "Two", "owns": ["b/"], "depends_on": ["HAI-001"]},
    ]
    later = [{"id": "x", "branch": "feature/three", "title": "Three", "owns": ["c/"], "depends_on": ["Task 7"]}]
    waves = [{"wave": 0, "branches": branches}, {"wave": 4, "branches": later}]
    plan = PhasePlan.model_validate({"phase": 3, "title": "Odd", "agent": "go-sample", "waves": waves})
    assert PhasePlan.model_validate(imported(markdown(plan))) == plan
