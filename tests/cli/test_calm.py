"""How often a run asks Airflow: seldom where nothing happens, soon again where something did."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from phaseplan.cli.local_airflow.api import Api, TaskState
from phaseplan.cli.running import drive
from phaseplan.cli.running.request import PhaseRequest
from tests.cli.plans import plan
from tests.cli.test_patience import Alive, Silent


class Airflow(Api):
    """Answers from what it holds, and counts."""

    def __init__(self) -> None:
        super().__init__("http://nowhere", "admin", "x")
        self.run, self.state = "queued", "deferred"
        self.asked = {"tasks": 0, "run": 0}

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        self.asked["tasks"] += 1
        return [TaskState("open_phase", "success", 1, None, 1.0), TaskState("wave_1.a", self.state, 1, None, None)]

    def run_state(self, dag_id: str, run_id: str) -> str:
        self.asked["run"] += 1
        return self.run

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None: ...


class Run:
    """A run of one phase, in a time of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.airflow = 1000.0, Airflow()
        monkeypatch.setattr(drive, "time", SimpleNamespace(monotonic=lambda: self.now))
        requests = [PhaseRequest(plan(7), Path("7.yaml"), "r")]
        self.drive = drive.Drive(
            Alive(), self.airflow, requests, "now", Silent(), lambda request: None, lambda dag, task: ""
        )
        self.drive._trigger_what_may_wait()

    def look(self, times: int) -> dict[str, int]:
        """Look once a second; return how often Airflow was asked meanwhile."""
        self.airflow.asked = {"tasks": 0, "run": 0}
        for _ in range(times):
            self.now += 1
            (self.view,) = self.drive._look()
        return self.airflow.asked


def test_a_phase_that_waits_is_asked_for_seldom_and_its_run_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(monkeypatch)
    assert run.look(3) == {"tasks": 3, "run": 3}, "it is queued"
    run.airflow.run = "running"
    assert run.look(4)["run"] == 1
    calm = run.look(600)
    assert calm["run"] == 0 and 120 <= calm["tasks"] <= 130


def test_what_happens_after_a_long_calm_is_seen_in_five_seconds_and_what_follows_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Run(monkeypatch)
    run.airflow.run = "running"
    run.look(600)
    run.airflow.state = "running"
    run.look(5)
    run.airflow.state = "success"
    assert run.look(1) == {"tasks": 1, "run": 1}, "nothing goes on: it may be over"
    run.airflow.run = "success"
    run.look(1)
    assert run.view.over
