"""Agents spread over the engines of the engines file, and stay where they began."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import docker
import pytest

from phaseplan.airflow.triggers.container import ELSEWHERE, ContainerTrigger
from phaseplan.airflow.triggers.room import RoomTrigger
from phaseplan.attempt.clean_up import settle
from phaseplan.attempt.elsewhere import EngineElsewhere
from phaseplan.attempt.job import Again, Done, Job, Running, Untouched
from phaseplan.attempt.step import step
from phaseplan.attempt.sweep import sweep
from phaseplan.config.settings import PREFIX, settings
from phaseplan.containers import engine
from phaseplan.containers.disk_usage import Usage
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.engines.fleet import Fleet
from phaseplan.containers.engines.room import EngineFull, Held, held
from phaseplan.containers.identity import engine_of
from phaseplan.errors import InputFault
from phaseplan.phase.engines import check_engines
from phaseplan.phase.preflight import Ahead
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.engines import EngineEntry
from phaseplan.plan.model import PhasePlan
from tests.build.conftest import PLAN, Stage, staged

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("dockerd") is None, reason="a second engine is started by root"
    ),
]
BRANCHES = [{"id": f"7.1.{n}", "branch": f"feature/{n}", "title": f"{n}", "owns": [f"{n}/"]} for n in (1, 2, 3)]
THREE = {**PLAN, "gates": {}, "waves": [{"wave": 1, "branches": BRANCHES}]}
Outcome = Running | Done | Again | Untouched


@dataclass
class Night:
    """A phase of three branches, and two engines with room for one agent each."""

    stage: Stage
    entries: Mapping[str, EngineEntry]
    clients: Mapping[str, docker.DockerClient]

    def job(self, job: Job, entries: Mapping[str, EngineEntry] | None = None) -> Job:
        return replace(job, fleet=Fleet(entries or self.entries, self.stage.client))

    def step(self, branch: str, claim: str = "run-1/3", entries: Mapping[str, EngineEntry] | None = None) -> Outcome:
        with self.stage.job(claim, branch) as job:
            return step(self.job(job, entries))

    def agents(self) -> dict[str, list[str]]:
        ledger = self.stage.snapshot().ledger
        assert ledger is not None
        return {
            name: sorted(found.labels.branch for found in engine.find(client, ledger=ledger.id, role="agent"))
            for name, client in self.clients.items()
        }


@pytest.fixture
def night(tmp_path: Path, second: docker.DockerClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    profile = AgentProfile(image="debian:bookworm-slim", command=("sleep", "600"), timeout=60)
    here = settings().docker_url
    entries = {"a": EngineEntry(url=here, agents=1), "b": EngineEntry(url=second.address, agents=1, labels=("far",))}
    with staged(tmp_path, profile, plan=THREE) as stage:
        ledger = stage.snapshot().ledger
        assert ledger is not None

        def ours(client: docker.DockerClient) -> list[Held]:
            """Agents of this phase alone: other tests use the machine's engine at the same time."""
            own = {found.id for found in engine.find(client, ledger=ledger.id, role="agent")}
            return [each for each in held(client) if each.id in own]

        monkeypatch.setattr("phaseplan.attempt.placing.held", ours)
        yield Night(stage, entries, {"a": stage.client, "b": second})
        for found in engine.find(second, ledger=ledger.id):
            engine.remove(second, found.id)


def test_agents_begin_where_there_is_room_stay_there_and_wait_where_there_is_none(night: Night) -> None:
    # Rooms are equal, and the hash of 7.1.2 says a; then b alone has room.
    first, other = night.step("7.1.2"), night.step("7.1.1")
    assert night.agents() == {"a": ["7.1.2"], "b": ["7.1.1"]}
    assert isinstance(first, Running) and isinstance(other, Running)
    assert (first.engine, other.engine) == ("a", "b")
    started = night.stage.snapshot().started
    assert started["7.1.1"][1].engine == engine_of(night.clients["b"]).id
    assert started["7.1.1"][1].machine.startswith("b on ")
    with pytest.raises(EngineFull, match=r"7\.1\.3 waits for room on a \(1 agents\) and b \(1 agents\)") as full:
        night.step("7.1.3")
    assert full.value.engines == ("a", "b") and "7.1.3" not in night.stage.snapshot().started, "no number is taken"
    again = night.step("7.1.1")
    assert isinstance(again, Running) and again.container == other.container, "the next try follows it there"
    with night.stage.job("run-1/3", "7.1.1") as job:
        settle(night.job(job), over=True)
    assert night.agents() == {"a": ["7.1.2"], "b": []}
    assert [v.outcome for v in night.stage.snapshot().verdicts["7.1.1"]] == ["unfinished"]
    third = night.step("7.1.3")
    assert isinstance(third, Running) and third.engine == "b"
    cleared = night.step("7.1.3", "run-1/4")
    assert isinstance(cleared, Running) and night.agents()["b"] == ["7.1.3"], "a Clear stops it where it is"
    with night.stage.job() as job:
        sweep(night.job(job))
    assert night.agents() == {"a": [], "b": []}, "a sweep sees all engines"


def test_what_a_worker_that_died_after_the_verdict_left_is_removed_from_its_engine(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = night.step("7.1.1", entries={"b": night.entries["b"]})
    assert isinstance(running, Running)
    usage = Usage()  # what a process remembers of one engine's disk is nothing of another's
    assert usage.of(night.clients["a"], running.container) == 0 < usage.of(night.clients["b"], running.container)
    engine.stop(night.clients["b"], running.container, grace=0)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("phaseplan.attempt.publish._remove", die)
        with pytest.raises(KeyboardInterrupt):
            night.step("7.1.1")
    assert night.agents() == {"a": [], "b": ["7.1.1"]}
    with night.stage.job("run-1/3", "7.1.1") as job:
        settle(night.job(job), over=True)
    assert night.agents() == {"a": [], "b": []}


def test_an_engine_that_does_not_answer_is_named_and_others_go_on(night: Night, tmp_path: Path) -> None:
    night.step("7.1.1", entries={"b": night.entries["b"]})
    assert night.agents() == {"a": [], "b": ["7.1.1"]}
    lost = {**night.entries, "b": EngineEntry(url=f"unix://{tmp_path}/gone.sock", agents=1)}
    with pytest.raises(EngineElsewhere) as caught:
        night.step("7.1.1", entries=lost)
    words = str(caught.value)
    assert "runs on the engine of b on" in words and f"Left out: engine b (unix://{tmp_path}/gone.sock)" in words
    went_on = night.step("7.1.2", entries=lost)
    assert isinstance(went_on, Running) and went_on.engine == "a"


def test_of_two_that_saw_the_same_room_the_later_gives_way(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"a": night.entries["a"]}
    with monkeypatch.context() as patch:
        patch.setattr("phaseplan.attempt.start.check_room", lambda *_, **__: None)
        assert isinstance(night.step("7.1.1", entries=one), Running)
        with pytest.raises(EngineFull, match=r"7\.1\.2 waits for room on a"):
            night.step("7.1.2", entries=one)
    assert night.agents() == {"a": ["7.1.1"], "b": []}, "what was made is gone"
    with pytest.raises(EngineFull):
        night.step("7.1.2")
    with night.stage.job("run-1/3", "7.1.1") as job:
        settle(night.job(job), over=True)
    came = night.step("7.1.2")
    assert isinstance(came, Running) and came.engine == "a", "its attempt has its engine"
    assert list(night.stage.snapshot().started["7.1.2"]) == [1]


def test_the_triggerer_follows_on_a_named_engine_and_waits_for_room(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "engines.yaml"
    file.write_text("".join(f"{name}: {{url: {e.url!r}, agents: 1}}\n" for name, e in night.entries.items()))
    monkeypatch.setenv(f"{PREFIX}ENGINES", str(file))
    monkeypatch.setattr("phaseplan.airflow.triggers.room.LOOKS", 0.1)
    running = night.step("7.1.1", entries={"b": night.entries["b"]})
    assert isinstance(running, Running)
    id_ = engine_of(night.clients["b"]).id

    async def first(trigger: ContainerTrigger | RoomTrigger, seconds: float = 60) -> dict[str, object]:
        async with asyncio.timeout(seconds):
            async for event in trigger.run():
                return dict(event.payload)
        raise AssertionError("it fired nothing")

    def followed(name: str) -> str:
        known = {"container_id": running.container, "phase": 7, "branch": "7.1.1", "repository": None}
        trigger = ContainerTrigger(
            docker_url="unix:///nowhere.sock", deadline=time.time() + 1, engine=id_, named=name, **known
        )
        return str(asyncio.run(first(trigger))["status"])

    with pytest.raises(TimeoutError):
        asyncio.run(first(RoomTrigger(engines=("b",), cpus=1, memory=1), 1.5))
    assert followed("c") == ELSEWHERE, "its file has no such engine"
    assert followed("a") == ELSEWHERE, "that is another engine"
    assert followed("b") == "exited"
    assert asyncio.run(first(RoomTrigger(engines=("b",), cpus=1, memory=1))) == {"engine": "b"}


def test_a_worker_of_a_queue_uses_its_own_engine_up_to_its_room(night: Night) -> None:
    farm = {"farm": EngineEntry(queue="farm", agents=1)}
    first = night.step("7.1.1", entries=farm)
    assert isinstance(first, Running) and night.agents() == {"a": ["7.1.1"], "b": []}
    assert Fleet(farm).named(first.engine) == "", "the triggerer looks for it at docker_url"
    with pytest.raises(EngineFull, match=r"waits for room on farm"):
        night.step("7.1.2", entries=farm)


def bound_to(ahead: Ahead, engine_name: str) -> Ahead:
    """The same run, whose profiles name an engine."""
    profiles = {name: profile.model_copy(update={"engine": engine_name}) for name, profile in ahead.profiles.items()}
    return replace(ahead, profiles=profiles)


def test_a_name_that_means_two_images_on_two_engines_is_refused(night: Night) -> None:
    name = "phaseplan-test/two-images:1"
    other = AgentProfile(image=name, command=("true",))
    plan = PhasePlan.model_validate({**THREE, "agent": "p"})
    ahead = Ahead(plan, ["7.1.1"], {"p": other})
    fleet = Fleet(night.entries, night.stage.client)
    images = (settings().collector_image, settings().collector_image)
    for client, image in zip(night.clients.values(), ("debian:bookworm-slim", settings().collector_image), strict=True):
        client.images.get(image).tag(name)
    try:
        with pytest.raises(InputFault) as caught:
            check_engines(fleet, ahead, images, print)
        assert str(caught.value).startswith(f"image {name} means ") and "on engine a on " in str(caught.value)
        assert "on engine b on " in str(caught.value)
        check_engines(fleet, bound_to(ahead, "a"), images, print)  # that profile is on one engine only
        night.clients["b"].images.remove(name)
        check_engines(fleet, bound_to(ahead, "a"), images, print)  # nothing of it is needed there
        with pytest.raises(ImageMissing, match=f"engine b on .*image {name} is not on the Docker engine"):
            check_engines(fleet, ahead, images, print)
    finally:
        for client in night.clients.values():
            if client.images.list(name):
                client.images.remove(name)
