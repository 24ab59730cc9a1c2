"""How a run ends: exit code, tables, where to read on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from phaseplan.cli.running.ending import Ended, exit_code, report
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import BranchRecord, Pinned, State, WaveRecord
from phaseplan.ledger.write import Snapshot
from phaseplan.report.status import build_status
from tests.cli.plans import RUN, at, ledger, plan, record, verdict

PLAN = plan(claims={"reduction": "70%", "duration": "2d-3d", "sequential": "5d-6d"})
ISOLATED = verdict("7.b", 1, 21, outcome="failed", reason="gate said \x1b[31mno [bold]", name=None)


def records(**states: State) -> dict[str, BranchRecord]:
    made = {f"7.{name}": verdict(f"7.{name}", 1, 11) for name in states}
    return {
        b: record(states[b[2:]], ISOLATED if b == "7.b" and states["b"] is State.ISOLATED else v)
        for b, v in made.items()
    }


def ended(
    branches: dict[str, BranchRecord] | None,
    *,
    complete: bool = False,
    run: str = RUN,
    state: str = "failed",
    **fields: Any,
) -> Ended:
    conf = fields.pop("conf", {})
    request = PhaseRequest(PLAN, Path("7.yaml"), "/nowhere/r", conf)
    if branches is None:
        return Ended(request, run, state, None)
    book = ledger(PLAN, closed=True, complete=complete, branches=branches, **fields)
    verdicts = {b: (r.verdict,) for b, r in branches.items() if r.verdict}
    snapshot = Snapshot(
        phase=7, opened=OpenPhase(book, Pinned(plan=PLAN, profiles={})), verdicts=verdicts, blockers=(), status_lines=()
    )
    return Ended(request, run, state, build_status(snapshot, PLAN))


ALL = records(a=State.INTEGRATED, b=State.INTEGRATED, c=State.INTEGRATED)
RED = {1: WaveRecord(run=RUN, state="red", started=at(21), finished=at(23))}


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (ended(ALL, complete=True, state="success"), 0),
        (ended(ALL, complete=True, state="success", run="run-2"), 2),  # the run never opened the phase
        (ended(None), 2),
        (ended(records(a=State.INTEGRATED, b=State.ISOLATED, c=State.INTEGRATED)), 1),
        (ended(records(a=State.PASSED, b=State.PASSED), waves=RED), 1),
        (ended(records(a=State.INTEGRATED, b=State.UNFINISHED)), 2),
        (ended(records(a=State.INTEGRATED), state="success", conf={"branches": ["7.a"]}), 0),
        (ended(records(a=State.INTEGRATED, b=State.ISOLATED), conf={"branches": ["7.a"]}), 2),
    ],
)
def test_the_exit_code_tells_input_faults_from_system_faults(end: Ended, code: int) -> None:
    assert end.code == code
    assert exit_code([ended(ALL, complete=True), end]) == code


def test_the_report_names_states_causes_times_and_logs(tmp_path: Path) -> None:
    waves = {1: WaveRecord(run=RUN, state="integrated", head="e" * 40, started=at(21), finished=at(23))}
    branches = records(a=State.INTEGRATED, b=State.ISOLATED)
    console = Console(width=80, color_system=None, highlight=False)
    with console.capture() as capture:
        report(console, [ended(branches, waves=waves)], tmp_path)
    output = capture.get()
    assert "Phase 7 Small: NOT complete" in output
    assert "7.b isolated: gate said ?[31mno [bold]" in output  # neither a colour nor markup gets through
    assert "\x1b" not in output
    assert "took      0:22; one after another 0:32; saved 31%; agents busy 68% of the time" in output
    assert "claimed   2d to 3d; one after another 5d to 6d; saved 70%" in output
    assert str(tmp_path / "text/phase_07") in output
