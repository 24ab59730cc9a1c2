"""An engine behind a real ssh server: a branch is built there, over the death of the server too.

Where the machine has no server its package is downloaded: `make soak` runs it (`PHASEPLAN_ENGINES=1`), CI does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from phaseplan.attempt.job import Again, Done, Running, Untouched
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.containers.engine_errors import EngineUnreachable
from phaseplan.containers.engines.address import open_engine
from phaseplan.containers.engines.fleet import Fleet
from phaseplan.containers.identity import engine_of
from phaseplan.containers.log_following import follow
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.engines import EngineEntry
from tests.build.conftest import Stage, staged
from tests.engines.sshd import Sshd

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get("PHASEPLAN_ENGINES"), reason="make soak runs it"),
]


@pytest.fixture
def sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """A server that leads to the machine's engine; the worker's user has its key, and knows its host key."""
    made = Sshd(tmp_path)
    made.client()
    made.start()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    yield made
    made.stop()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    script = "mkdir -p a; echo begun; sleep 8; echo hello > a/file.txt; echo ended"
    profile = AgentProfile(image="debian:bookworm-slim", command=("sh", "-c", script), timeout=60)
    (tmp_path / "stage").mkdir()
    with staged(tmp_path / "stage", profile) as made:
        yield made


def played(stage: Stage, sshd: Sshd) -> Running | Done | Again | Untouched:
    """One start of the branch's task, on a worker that has the engine by its address."""
    fleet = Fleet({"far": EngineEntry(url=sshd.url, agents=1000)}, stage.client)
    try:
        with stage.job() as job:
            return step(replace(job, fleet=fleet))
    finally:
        fleet.close()


def test_a_branch_is_built_over_ssh_though_the_server_dies(stage: Stage, sshd: Sshd) -> None:
    running = played(stage, sshd)
    assert isinstance(running, Running) and running.engine == "far"
    assert stage.snapshot().started["7.1.1"][1].machine.startswith("far on ")
    sshd.stop()
    with pytest.raises(EngineUnreachable, match="far"):
        Fleet({"far": EngineEntry(url=sshd.url, agents=1)}, None).place("far")
    sshd.start()
    again = played(stage, sshd)
    assert isinstance(again, Running) and again.container == running.container, "no second agent"
    client, lines = open_engine(sshd.url, None), list[str]()
    ended = follow(client, running.container, lines.append, 60)
    client.close()
    assert ended is not None and ended.code == 0 and lines == ["begun", "ended"]
    done = played(stage, sshd)
    while isinstance(done, Running):
        done = played(stage, sshd)
    assert isinstance(done, Done) and done.verdict.outcome == "passed", done
    assert stage.containers() == []


def test_only_a_known_host_and_only_with_the_key(sshd: Sshd) -> None:
    client = open_engine(sshd.url, None)
    own = open_engine(settings().docker_url, None)
    assert engine_of(client).id == engine_of(own).id
    client.close()
    own.close()
    sshd.client(key="stranger")
    with pytest.raises(EngineUnreachable):
        open_engine(sshd.url, None)
    sshd.client(host="stranger")
    with pytest.raises(EngineUnreachable):
        open_engine(sshd.url, None)
