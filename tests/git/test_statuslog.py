"""The document's formats, to the letter."""

from __future__ import annotations

from pathlib import Path

from phaseplan.ledger.status_log import blocker_line, mirror, ordered, status_line, wave_line
from phaseplan.plan.model import PhasePlan
from tests.git.lab import plan_of

WHEN = "2024-01-15T11:00:59.123+02:00"


def synctarget() -> PhasePlan:
    rows = [{"id": "5.1.1", "branch": "f/x", "title": "SyncTarget API", "agent_label": "Agent 1", "owns": ["/a"]}]
    return PhasePlan.model_validate({"phase": 5, "title": "t", "waves": [{"wave": 1, "branches": rows}]})


def test_the_formats_of_the_founding_document() -> None:
    plan = synctarget()
    branch = plan.by_id["5.1.1"]
    assert (
        status_line(plan, branch, "STARTED", when=WHEN)
        == "2024-01-15 09:00 Wave 1 - Agent 1: STARTED 5.1.1 SyncTarget API"
    )
    done = status_line(plan, branch, "COMPLETED", detail="600 lines", when=WHEN)
    assert done == "2024-01-15 09:00 Wave 1 - Agent 1: COMPLETED 5.1.1 SyncTarget API (600 lines)"
    assert blocker_line(branch, "Need Y\nfrom Agent 1") == "BLOCKED: Agent 1 - Need Y from Agent 1"
    assert wave_line(1, "COMPLETED", when=WHEN) == "2024-01-15 09:00 Wave 1 - Integration: COMPLETED"


def test_no_reason_of_an_agent_forges_a_line() -> None:
    plan = plan_of({"1": []})
    line = status_line(
        plan, plan.by_id["1"], "FAILED", detail="x\n2024-01-15 09:00 Wave 1\r\x1b[2J\u2028y" + "z" * 9999
    )
    assert len(line.splitlines()) == 1 and "\x1b" not in line and len(line) < 700


def test_lines_are_ordered_by_time_then_id_and_keep_their_order_within() -> None:
    lines = [
        f"2024-01-15 09:0{m} Wave 1 - Agent: {w} {i} t"
        for m, w, i in [(1, "STARTED", "2"), (0, "STARTED", "3"), (1, "COMPLETED", "1")]
    ]
    lines.append("2024-01-15 09:01 Wave 1 - Agent: BLOCKED 2 t")
    assert [line.split(": ")[1] for line in ordered(lines)] == [
        "STARTED 3 t",
        "COMPLETED 1 t",
        "STARTED 2 t",
        "BLOCKED 2 t",
    ]


def test_the_mirror_appends(tmp_path: Path) -> None:
    mirror(tmp_path, 5, ["one"], [])
    mirror(tmp_path, 5, ["two", "three"], ["BLOCKED: x"])
    assert (tmp_path / "logs/phase-5/status.log").read_text() == "one\ntwo\nthree\n"
    assert (tmp_path / "logs/phase-5/blockers.log").read_text() == "BLOCKED: x\n"
