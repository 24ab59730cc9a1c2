"""Line 24: a run that has lost its phase to another run names that run, and what to do next.

Was: with two runs of one phase at once, the loser said "the run never opened the phase", while its own log said it
did.
Right: it names the run that holds the phase, says what became of its own work and what to do next; one that had ended
before keeps its result, and only one that really never opened the phase says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from phaseplan.cli.run import _ended
from phaseplan.cli.running.ending import FINE, SYSTEM, Ended, exit_code, report
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.config.settings import settings
from phaseplan.errors import Stale
from phaseplan.plan.model import PhasePlan
from tests.git.lab import Lab, plan_of


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    return Lab(tmp_path)


def ended(lab: Lab, plan: PhasePlan, run: str) -> Ended:
    return _ended(PhaseRequest(plan, Path("5.yaml"), str(lab.url)), run, "success", settings())


def report_of(end: Ended, folder: Path) -> str:
    console: Any = Console(width=100, color_system=None, highlight=False)
    with console.capture() as capture:
        report(console, [end], folder)
    return str(capture.get())


def test_the_loser_names_the_winner_and_the_next_step(lab: Lab, tmp_path: Path) -> None:
    plan = plan_of({"5.1.1": [], "5.1.2": []})
    first = lab.open(plan, "run-mine")
    lab.build(first, "5.1.1", {"a": "1\n"})
    second = lab.open(plan, "run-theirs")
    with pytest.raises(Stale, match="run-theirs"):
        lab.integrate(first, 1)
    end = ended(lab, plan, "run-mine")
    text = report_of(end, tmp_path)
    assert "never opened" not in text and "NOT complete" in text
    assert "Run run-theirs holds phase 5" in text and "not closed yet" in text
    assert "This run, run-mine, had opened it" in text and "Next: wait for run run-theirs" in text
    assert (end.code, exit_code([end])) == (SYSTEM, SYSTEM)
    for branch in ("5.1.1", "5.1.2"):
        lab.build(second, branch, {branch: "1\n"})
    lab.integrate(second, 1)
    assert lab.close(second).complete
    assert ended(lab, plan, "run-theirs").code == FINE
    later = report_of(ended(lab, plan, "run-mine"), tmp_path)
    assert "the same command again goes on from what is there" in later and "wait for run" not in later


def test_a_run_that_had_ended_before_keeps_its_result(lab: Lab, tmp_path: Path) -> None:
    plan = plan_of({"5.1.1": []})
    first = lab.open(plan, "run-mine")
    lab.build(first, "5.1.1", {"a": "1\n"})
    lab.integrate(first, 1)
    assert lab.close(first).complete
    lab.open(plan, "run-theirs")
    end = ended(lab, plan, "run-mine")
    assert end.code == FINE and "had ended before that: complete" in report_of(end, tmp_path)


def test_a_run_that_never_opened_the_phase_says_so(lab: Lab, tmp_path: Path) -> None:
    plan = plan_of({"5.1.1": []})
    assert "never opened the phase" in report_of(ended(lab, plan, "run-mine"), tmp_path)
    lab.open(plan, "run-theirs")
    assert "never opened the phase" in report_of(ended(lab, plan, "run-mine"), tmp_path)
