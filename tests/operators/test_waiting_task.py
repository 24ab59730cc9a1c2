"""The sensor and its trigger on a real repository: what they say, when they end, whose word counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow.triggers.base import TriggerEvent

from phaseplan.airflow.sensors.phase_complete import PhaseCompleteSensor
from phaseplan.airflow.triggers import phase_complete as triggers
from phaseplan.airflow.triggers.phase_complete import PhaseCompleteTrigger
from phaseplan.plan.model import PhasePlan
from phaseplan.report.watching import WATCH
from tests.git.lab import Lab
from tests.git.planfolder import configured, finish, two

UNTIL = (datetime.now(UTC) + timedelta(hours=1)).isoformat()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.fixture
def plans(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return configured(lab, tmp_path, monkeypatch)


@pytest.fixture
def plan(plans: Path) -> PhasePlan:
    return two(plans)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become tenths."""
    monkeypatch.setattr(triggers, "BRISK", 0.1)


def sensor(**more: Any) -> PhaseCompleteSensor:
    return PhaseCompleteSensor(task_id="await_phase_05", phase=5, **more)


def trigger() -> PhaseCompleteTrigger:
    made = PhaseCompleteTrigger(phase=5, repository=None, poll_seconds=0.1, until=UNTIL)
    path, fields = made.serialize()
    assert path.endswith("triggers.phase_complete.PhaseCompleteTrigger")
    return PhaseCompleteTrigger(**fields)


async def fires(seconds: float, *steps: Any) -> TriggerEvent | None:
    """What the trigger fires while things happen; None: nothing."""

    async def first() -> TriggerEvent:
        return await anext(aiter(trigger().run()))

    task = asyncio.ensure_future(first())
    for step in steps:
        await asyncio.sleep(0.5)
        await asyncio.to_thread(step)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()
    task.cancel()
    return None


def failed(lab: Lab, plan: PhasePlan) -> None:
    token = lab.open(plan, "run-1")
    lab.build(token, "1", {"src/1": "x"}, outcome="failed", reason="go vet says no")
    lab.close(token)


def test_it_goes_on_at_once_where_the_phase_is_complete(lab: Lab, plan: PhasePlan) -> None:
    finish(lab, plan)
    assert sensor().execute({}) is None


def test_it_defers_with_the_time_that_is_left(lab: Lab, plan: PhasePlan) -> None:
    with pytest.raises(TaskDeferred) as first:
        sensor(timeout_seconds=100).execute({})
    assert timedelta(seconds=95) < first.value.timeout <= timedelta(seconds=100)
    until = (datetime.now(UTC) + timedelta(seconds=40)).isoformat()
    with pytest.raises(TaskDeferred) as again:
        sensor(timeout_seconds=100).execute_complete({}, {"phase": 5, "until": until, "saw": "complete"})
    assert again.value.timeout <= timedelta(seconds=40) and again.value.trigger.until == until


def test_what_the_trigger_saw_is_a_hint(lab: Lab, plan: PhasePlan) -> None:
    """The phase was complete when it looked; a run has begun before the task resumed."""
    finish(lab, plan)
    seen = asyncio.run(fires(60))
    assert seen is not None and seen.payload["saw"] == "complete"
    lab.open(plan, "run-2")
    with pytest.raises(TaskDeferred):
        sensor().execute_complete({}, seen.payload)


def test_a_failure_ends_the_wait_with_the_run_the_branch_and_the_next_step(lab: Lab, plan: PhasePlan) -> None:
    seen = asyncio.run(fires(60, lambda: failed(lab, plan)))
    assert seen is not None and seen.payload == {"phase": 5, "until": UNTIL, "saw": "failed"}
    with pytest.raises(AirflowFailException) as error:
        sensor().execute_complete({}, seen.payload)
    for words in ("run run-1, opened", "1 Branch 1: isolated: go vet says no", "Clear wave_1.1_b1", "Clear this task"):
        assert words in str(error.value)


def test_no_plan_file_fails_at_once_and_one_that_is_being_written_does_not(plans: Path, plan: PhasePlan) -> None:
    (plans / "phase-5.yaml").write_text("phase: 5\n")
    assert asyncio.run(fires(0.5)) is None
    with pytest.raises(TaskDeferred):
        sensor().execute_complete({}, {"phase": 5, "until": UNTIL, "saw": "complete"})
    with pytest.raises(AirflowFailException, match=r"Phase 5 has no valid plan in .*plans.*lint"):
        sensor().execute({})


def test_a_plan_file_that_stays_away_ends_the_wait(
    plans: Path, plan: PhasePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "ABSENT", 0.3)
    seen = asyncio.run(fires(60, (plans / "phase-5.yaml").unlink))
    assert seen is not None and seen.payload["saw"] == "absent"
    with pytest.raises(AirflowFailException, match="has no valid plan"):
        sensor().execute_complete({}, seen.payload)


def test_an_unreachable_repository_is_waited_for_and_said(
    lab: Lab, plan: PhasePlan, capsys: pytest.CaptureFixture[str]
) -> None:
    away = lab.url.with_suffix(".away")
    lab.url.rename(away)
    with pytest.raises(TaskDeferred):
        sensor().execute({})
    capsys.readouterr()
    lines = Lines(capsys, "cannot be looked at")
    seen = asyncio.run(fires(60, lines.wait_for(1), lambda: away.rename(lab.url), lambda: finish(lab, plan)))
    assert seen is not None and seen.payload["saw"] == "complete"
    assert len(lines.read()) == 1 and "cannot be read" in lines.found[0]


def test_time_that_is_up_says_what_was_last_seen(lab: Lab, plan: PhasePlan) -> None:
    lab.open(plan, "run-7")
    failure = {"error": "Trigger timeout"}
    with pytest.raises(AirflowFailException) as error:
        sensor(timeout_seconds=7200).resume_execution("__fail__", failure, {})
    for words in ("did not become complete in 2:00:00", "run run-7, opened", "1 pending", "Clear this task"):
        assert words in str(error.value)
    lab.close(lab.open(plan, "run-8"))
    finish(lab, plan, "run-9")
    assert sensor().resume_execution("__fail__", failure, {}) is None  # in the very last moment


def test_the_log_says_what_changes_and_repeats_itself_seldom(
    lab: Lab, plan: PhasePlan, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Lines(capsys, "phase 5")
    asyncio.run(fires(0.5, lines.wait_for(1), lambda: lab.open(plan, "run-1"), lines.wait_for(2)))
    first, second = lines.read()
    assert "not been opened" in first and "run run-1, opened" in second
    monkeypatch.setattr(triggers, "SAY_AGAIN", 0.4)
    asyncio.run(fires(0, lines.wait_for(4)))
    assert "Still, after 0 minutes: Waiting for phase 5" in lines.found[3]


class Lines:
    """The log's lines that hold some words."""

    def __init__(self, capsys: pytest.CaptureFixture[str], words: str) -> None:
        self._capsys, self._words, self.found = capsys, words, list[str]()

    def read(self) -> list[str]:
        self.found += [line for line in self._capsys.readouterr().out.splitlines() if self._words in line]
        return self.found

    def wait_for(self, count: int) -> Callable[[], None]:
        """Make a step that ends once there are so many: how long that takes says how busy the machine is."""

        def step() -> None:
            deadline = time.monotonic() + 60
            while len(self.read()) < count:
                assert time.monotonic() < deadline, f"{len(self.found)} lines after a minute, not {count}"
                time.sleep(0.05)

        return step


def test_all_triggers_of_a_process_share_one_watch() -> None:
    assert triggers.WATCH is WATCH
