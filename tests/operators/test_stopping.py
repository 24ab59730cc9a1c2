"""A task that a person marks while its process works: the agent stops; a process that only goes away stops nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from phaseplan.containers.engine import find
from tests.build.conftest import Stage, stage

__all__ = ["stage"]

pytestmark = [pytest.mark.docker, pytest.mark.parametrize("stage", ["sleep 60"], indirect=True)]


class Worker:
    """One process of the branch's task, and what Airflow would say of the task if asked."""

    def __init__(self, stage: Stage, *, deferrable: bool) -> None:
        self.stage, self.state = stage, "running"
        self.task = BranchBuildOperator(task_id="b", phase=7, branch="7.1.1", image="x", deferrable=deferrable)
        ti = SimpleNamespace(
            dag_id="phase_07", task_id="b", run_id="run-1", max_tries=3, xcom_pull=self.token, get_task_states=self.said
        )
        self.context: dict[str, Any] = {"ti": ti, "dag_run": SimpleNamespace(run_id="run-1")}

    def token(self, **_: Any) -> dict[str, Any]:
        """What open_phase handed out."""
        return self.stage.token.model_dump()

    def said(self, **_: Any) -> dict[str, dict[str, str]]:
        """The answer of Airflow's API."""
        return {"run-1": {"b": self.state}}

    def at_work(self) -> list[str]:
        """Containers of agents that run."""
        ledger = self.stage.snapshot().ledger
        assert ledger is not None
        found = find(self.stage.client, ledger=ledger.id, role="agent")
        return [one.id for one in found if one.status == "running"]

    def terminated(self, when: Callable[[], bool], state: str) -> None:
        """Send what Airflow's supervisor sends, as soon as something is so; the task's state is another by then."""

        def watch() -> None:
            until = time.monotonic() + 60
            while not when() and time.monotonic() < until:
                time.sleep(0.05)
            self.state = state
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=watch, daemon=True).start()


@pytest.fixture
def installed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Worker], None]]:
    """Settings of the stage, and Airflow's handler of SIGTERM for a task."""
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", stage.remote.url)
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(stage.state))
    before = signal.getsignal(signal.SIGTERM)
    yield lambda worker: signal.signal(signal.SIGTERM, lambda *_: worker.task.on_kill()) and None
    signal.signal(signal.SIGTERM, before)


def outcomes(stage: Stage) -> list[str]:
    """How the branch's attempts ended."""
    return [verdict.outcome for verdict in stage.snapshot().verdicts.get("7.1.1", ())]


def test_an_agent_that_is_followed_in_the_worker_stops(stage: Stage, installed: Callable[[Worker], None]) -> None:
    worker = Worker(stage, deferrable=False)
    installed(worker)
    worker.terminated(lambda: bool(worker.at_work()), "failed")
    with pytest.raises(AirflowFailException, match="This task is failed in Airflow"):
        worker.task.execute(worker.context)
    assert worker.at_work() == [] and outcomes(stage) == ["cancelled"]


def test_a_task_that_is_over_is_not_deferred(stage: Stage, installed: Callable[[Worker], None]) -> None:
    worker = Worker(stage, deferrable=True)
    worker.state = "success"
    with pytest.raises(AirflowFailException, match="This task is success in Airflow"):
        worker.task.execute(worker.context)
    assert worker.at_work() == [] and outcomes(stage) == ["cancelled"]


def test_a_stop_in_the_middle_of_a_start_leaves_no_agent(stage: Stage, installed: Callable[[Worker], None]) -> None:
    worker = Worker(stage, deferrable=True)
    installed(worker)
    worker.terminated(lambda: bool(stage.snapshot().started.get("7.1.1")), "failed")
    with pytest.raises(AirflowFailException, match="This task is failed in Airflow"):
        worker.task.execute(worker.context)
    assert worker.at_work() == []


def test_a_process_that_only_goes_away_leaves_its_agent_at_work(
    stage: Stage, installed: Callable[[Worker], None]
) -> None:
    worker = Worker(stage, deferrable=True)
    installed(worker)
    worker.terminated(lambda: bool(worker.at_work()), "running")
    with pytest.raises(TaskDeferred):
        worker.task.execute(worker.context)
    time.sleep(1)
    assert len(worker.at_work()) == 1 and outcomes(stage) == []


def test_where_airflow_does_not_answer_the_agent_goes_on(stage: Stage, installed: Callable[[Worker], None]) -> None:
    worker = Worker(stage, deferrable=True)

    def away(**_: Any) -> Any:
        raise ConnectionError("the API server is away")

    worker.context["ti"].get_task_states = away
    with pytest.raises(TaskDeferred):
        worker.task.execute(worker.context)
    assert len(worker.at_work()) == 1
