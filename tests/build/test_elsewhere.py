"""An attempt stays with its engine: two workers that do not see each other's run no two agents of one branch."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from phaseplan.airflow.triggers.container import ELSEWHERE, ContainerTrigger
from phaseplan.attempt.elsewhere import EngineElsewhere
from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.step import step
from phaseplan.attempt.sweep import sweep
from phaseplan.cli.main import main
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.identity import engine_of
from phaseplan.containers.log_following import follow
from phaseplan.plan.agents import AgentProfile
from tests.build.conftest import Stage, staged

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("dockerd") is None, reason="a second engine is started by root"
    ),
]
SLOW = pytest.mark.parametrize("stage", ["mkdir -p a; echo hello > a/file.txt; sleep 600"], indirect=True)


def played(stage: Stage, client: docker.DockerClient, claim: str = "run-1/3", **here: Any) -> Running | Done | Again:
    """One start of the branch's task on a worker that has this engine."""
    with stage.job(claim) as job:
        came = step(replace(job, client=client, here=job.here.model_copy(update=here)))
    assert isinstance(came, Running | Done | Again)
    return came


def agents(client: docker.DockerClient, stage: Stage) -> list[str]:
    ledger = stage.snapshot().ledger
    assert ledger is not None
    return [found.id for found in engine.find(client, ledger=ledger.id, role="agent")]


@SLOW
@pytest.mark.parametrize("claim", ["run-1/3", "run-1/4"], ids=["a retry", "a Clear"])
def test_a_worker_with_another_engine_starts_no_second_agent(
    stage: Stage, second: docker.DockerClient, claim: str
) -> None:
    first = played(stage, stage.client)
    assert isinstance(first, Running)
    here, there = engine_of(second), engine_of(stage.client)
    with pytest.raises(EngineElsewhere) as caught:
        played(stage, second, claim)
    assert "7.1.1, attempt 1, runs on the engine of" in str(caught.value) and there.id in str(caught.value)
    assert str(here) in str(caught.value) and f"phaseplan engines forget 7 {there.id}" in str(caught.value)
    assert (agents(second, stage), agents(stage.client, stage)) == ([], [first.container])
    followed = played(stage, stage.client)
    assert isinstance(followed, Running) and followed.container == first.container, "a try there goes on with it"


@SLOW
def test_what_was_on_a_forgotten_engine_is_closed_and_the_next_attempt_begins(
    stage: Stage, second: docker.DockerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    played(stage, stage.client)
    there, url = engine_of(stage.client), stage.remote.url
    assert main(["engines", "list", "7", "--repository", url]) == 0
    assert f"{there.id}  {there.name}" in capsys.readouterr().out
    assert main(["engines", "forget", "7", "0123456789ab", "--repository", url]) == 1
    assert main(["engines", "forget", "7", there.id, "--repository", url]) == 0
    assert "7.1.1 (attempt 1)" in capsys.readouterr().out
    begun = played(stage, second)
    assert isinstance(begun, Running) and agents(second, stage) == [begun.container]
    snapshot = stage.snapshot()
    (closed,) = snapshot.verdicts["7.1.1"]
    assert (closed.attempt, closed.outcome) == (1, "unfinished")
    assert closed.reason.startswith(f"its engine on {there.name} ({there.id}) is gone")
    assert snapshot.started["7.1.1"][2].engine == engine_of(second).id
    assert snapshot.attempts.get("7.1.1", {}) == {}
    with stage.job() as job:  # the engine is back, and something sweeps it
        sweep(job)
    assert agents(stage.client, stage) == []
    kept = stage.snapshot()
    with stage.remote.private(state=stage.state) as repo:
        stage.remote.take(repo, ["refs/phaseplan/phase-7/attempts/7.1.1/1"])
        files = repo.run("ls-tree", "-r", "--name-only", kept.attempts["7.1.1"][1]).out.split()
    assert files == ["a/file.txt"], "nothing that an agent made is lost"
    assert [(v.attempt, v.outcome) for v in kept.verdicts["7.1.1"]] == [(1, "unfinished")]
    for container in agents(second, stage):
        engine.remove(second, container)


@SLOW
def test_a_forgotten_engine_that_starts_agents_again_is_known_again(stage: Stage, second: docker.DockerClient) -> None:
    played(stage, second)
    there = engine_of(second).id
    assert main(["engines", "forget", "7", there, "--repository", stage.remote.url]) == 0
    begun = played(stage, second, "run-1/4")  # a Clear, on a worker of that very engine, which is back
    assert isinstance(begun, Running) and agents(second, stage) == [begun.container], "the older agent was stopped"
    assert stage.snapshot().gone == {}
    with pytest.raises(EngineElsewhere):
        played(stage, stage.client, "run-1/4")
    for container in agents(second, stage):
        engine.remove(second, container)


def test_an_attempt_that_nobody_has_heard_of_is_closed_after_its_time_limit(
    tmp_path: Path, second: docker.DockerClient
) -> None:
    profile = AgentProfile(image="debian:bookworm-slim", command=("sh", "-c", "sleep 600"), timeout=1)
    with staged(tmp_path, profile) as stage:
        played(stage, stage.client)
        with pytest.raises(EngineElsewhere):
            played(stage, second, engine_absence=600)
        time.sleep(1.1)
        begun = played(stage, second, engine_absence=0)
        assert isinstance(begun, Running) and list(stage.snapshot().started["7.1.1"]) == [1, 2]
        for container in agents(second, stage):
            engine.remove(second, container)


def test_work_that_is_kept_is_judged_wherever_its_task_goes_on(
    stage: Stage, second: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = played(stage, stage.client)
    assert isinstance(running, Running)
    follow(stage.client, running.container, lambda _: None)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("phaseplan.attempt.step.judge", die)
        with pytest.raises(KeyboardInterrupt):
            played(stage, stage.client)
    done = played(stage, second)
    assert isinstance(done, Done) and done.verdict.outcome == "passed"


async def _first(trigger: ContainerTrigger) -> dict[str, Any]:
    async for event in trigger.run():
        return dict(event.payload)
    raise AssertionError("it fired nothing")


def test_a_triggerer_that_does_not_reach_the_engine_says_so_at_once(stage: Stage, tmp_path: Path) -> None:
    running = played(stage, stage.client)
    assert isinstance(running, Running)
    known = {"container_id": running.container, "phase": 7, "branch": "7.1.1", "repository": None}
    known |= {"deadline": time.time() + 60}

    def status(url: str, id_: str) -> str:
        return str(asyncio.run(_first(ContainerTrigger(docker_url=url, engine=id_, **known)))["status"])

    here = settings().docker_url
    assert status(here, engine_of(stage.client).id) == "exited"
    assert status(here, "0123456789ab") == ELSEWHERE
    assert status(f"unix://{tmp_path}/no.sock", engine_of(stage.client).id) == ELSEWHERE
