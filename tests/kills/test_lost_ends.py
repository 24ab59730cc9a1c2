"""Containers that end while their engine's containerd is dead: whoever waits for them hears of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator

import docker
import pytest

from phaseplan.containers import engine
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import follow
from phaseplan.containers.lost_end import settle
from tests.kills.engine import PrivateEngine

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("dockerd") is None, reason="an engine that may be killed is started by root"
    ),
]
LABELS = Labels("lost", 1, "1.1.1", 1, "run-1", "gate")


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateEngine]:
    made = PrivateEngine(tmp_path_factory.mktemp("lost") / "engine")
    try:
        made.start()
        made.load(("debian:bookworm-slim",))
        yield made
    finally:
        made.stop()


def started(client: docker.DockerClient, script: str) -> str:
    spec = engine.Spec("debian:bookworm-slim", LABELS, "1000:1000", 64 << 20, command=("sh", "-c", script))
    made = engine.create(client, spec)
    engine.start(client, made)
    return made


def settled(client: docker.DockerClient, container: str) -> engine.Found:
    """Say how a container ended, once the engine knows."""
    until = time.monotonic() + 60
    settle(client, container)
    while (found := engine.look(client, container)).status == "running" and time.monotonic() < until:
        time.sleep(0.2)
    return found


def answers(private: PrivateEngine) -> docker.DockerClient:
    """The engine, once its new containerd serves it."""
    client = engine.connect(private.url)
    until = time.monotonic() + 60
    probe = started_when_it_can(client, until)
    engine.remove(client, probe)
    return client


def started_when_it_can(client: docker.DockerClient, until: float) -> str:
    while True:
        try:
            return started(client, "true")
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def test_an_end_that_nobody_knows_any_more_counts_as_a_stop_from_outside(
    private: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phaseplan.containers.log_following.INTERVAL", 3.0)
    client = engine.connect(private.url)
    one, other = started(client, "sleep 1000"), started(client, "sleep 1000")
    shims = subprocess.run(
        private.enter("pgrep", "-f", "containerd-shim-runc-v2 -namespace"), capture_output=True, text=True, check=True
    )
    private.kill_containerd(*shims.stdout.split())
    client = answers(private)
    assert engine.look(client, one).status == "running", "or there is nothing to be noticed"
    begun = time.monotonic()
    ended = follow(client, one, lambda _: None, 120)
    assert ended is not None and ended.stopped and ended.code == 255
    assert time.monotonic() - begun < 100
    assert settled(client, other).stopped
    for container in (one, other):
        engine.remove(client, container)
        settle(client, container)  # one that is gone is nobody's business


def test_an_end_that_the_engine_has_missed_has_its_own_exit_code(private: PrivateEngine) -> None:
    """Some of these end while containerd is away; which ones is up to the machine."""
    client = engine.connect(private.url)
    made = [started(client, f"sleep {n / 10}; exit 7") for n in range(10, 30, 2)]
    private.kill_containerd()
    client = answers(private)
    time.sleep(3)
    for container in made:
        found = settled(client, container)
        assert (found.status, found.exit_code, found.stopped) == ("exited", 7, False)
        engine.remove(client, container)


def test_containers_that_live_are_left_alone(private: PrivateEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    client = engine.connect(private.url)
    live, ended = started(client, "sleep 1000"), started(client, "exit 3")
    client.api.wait(ended)
    for container in (live, ended):
        settle(client, container)
    assert engine.look(client, live).status == "running"
    monkeypatch.setattr("phaseplan.containers.lost_end._without_process", lambda *_: True)
    settle(client, live)  # as under a runtime whose processes the engine does not see
    time.sleep(15)  # longer than it takes to find an end
    assert engine.look(client, live).status == "running"
    client.api.pause(live)
    settle(client, live)
    assert engine.look(client, live).status == "running"
    assert engine.look(client, ended).exit_code == 3
    for container in (live, ended):
        engine.remove(client, container)
