"""A branch for which no engine has room waits in the triggerer, or else for a later try; neither is a failure."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import TaskDeferred

from phaseplan.airflow.operators import branch_build
from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from phaseplan.airflow.operators.retrying import BRANCH_RETRIES, ByCause
from phaseplan.airflow.triggers import container
from phaseplan.airflow.triggers.container import ContainerTrigger
from phaseplan.airflow.triggers.room import RoomTrigger
from phaseplan.config.settings import PREFIX
from phaseplan.containers.engines.room import EngineFull, Held, Need, has_place, room
from phaseplan.plan.engines import EngineEntry

FULL = EngineFull("7.1.1 waits for room on a (1 agents): agents there have to end first", ["a"], Need(1.0, 5))


def task(*, deferrable: bool) -> BranchBuildOperator:
    return BranchBuildOperator(task_id="t", phase=7, branch="7.1.1", image="i", deferrable=deferrable)


def full(*_: Any) -> Any:
    raise FULL


def test_a_deferrable_task_waits_in_the_triggerer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branch_build, "step", full)
    with pytest.raises(TaskDeferred) as deferred:
        task(deferrable=True)._step(cast(Any, None))
    trigger = deferred.value.trigger
    assert isinstance(trigger, RoomTrigger) and deferred.value.method_name == "execute_with_room"
    path, fields = trigger.serialize()
    assert path == "phaseplan.airflow.triggers.room.RoomTrigger"
    assert RoomTrigger(**fields).serialize() == (path, {"engines": ("a",), "cpus": 1.0, "memory": 5})


def test_another_task_is_tried_again_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branch_build, "step", full)
    with pytest.raises(EngineFull):
        task(deferrable=False)._step(cast(Any, None))
    policy = ByCause(10, BRANCH_RETRIES)
    decisions = [policy.evaluate(FULL, number, BRANCH_RETRIES) for number in (1, 4, 60)]
    assert {decision.action for decision in decisions} == {RetryAction.RETRY}
    assert [decision.retry_delay for decision in decisions] == [timedelta(seconds=s) for s in (10, 80, 600)]


def test_room_is_what_agents_processors_and_memory_leave() -> None:
    others = [Held("1", "x", 2.0, 3 << 30), Held("2", "y", 1.0, 1 << 30)]
    need = Need(0.1, 1 << 30)
    assert room(EngineEntry(url="unix:///x", agents=5), others, need) == 3
    assert room(EngineEntry(url="unix:///x", agents=5, cpus=3.1), others, need) == 1, "0.1 of 3.1 - 3 is one"
    assert room(EngineEntry(url="unix:///x", agents=5, memory=4 << 30), others, need) == 0
    assert room(EngineEntry(url="unix:///x", agents=1), others, need) == 0
    one = EngineEntry(url="unix:///x", agents=1)
    assert has_place(one, others, "x", need) and not has_place(one, others, "y", need), "the older one stays"


def test_an_engine_that_stays_away_is_left_to_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "engines.yaml").write_text(f"b: {{url: 'unix://{tmp_path}/b.sock', agents: 1}}\n")
    monkeypatch.setenv(f"{PREFIX}ENGINES", str(tmp_path / "engines.yaml"))
    monkeypatch.setattr(container, "AWAY", 0.2)
    monkeypatch.setattr(container, "_RETRY_SECONDS", 0.05)
    known = {"container_id": "c", "phase": 7, "branch": "7.1.1", "repository": None, "deadline": time.time() + 60}
    trigger = ContainerTrigger(docker_url="unix:///x", named="b", **known)
    path, fields = trigger.serialize()
    assert path.endswith("ContainerTrigger") and fields["named"] == "b"

    async def first() -> str:
        async with asyncio.timeout(20):
            async for event in trigger.run():
                return str(event.payload["status"])
        raise AssertionError("it fired nothing")

    with socket.socket(socket.AF_UNIX) as door:  # a socket that is there, and behind which nobody listens
        door.bind(str(tmp_path / "b.sock"))
        assert asyncio.run(first()) == container.SILENT
