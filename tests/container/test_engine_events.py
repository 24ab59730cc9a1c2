"""Tests follow the engine's events, because the engine forgets them before a later question."""

from __future__ import annotations

import subprocess
import time

import docker
import pytest

from tests.engine_events import following

pytestmark = pytest.mark.docker


def test_a_follower_gets_events_that_the_engine_forgets() -> None:
    client, begun = docker.from_env(), time.time()
    labels = {"phaseplan.ledger": "events-test", "phaseplan.branch": "1.1", "phaseplan.role": "agent"}
    with following() as events:
        container = client.containers.create("debian:bookworm-slim", ["true"], labels=labels)
        try:
            for number in range(300):
                container.rename(f"phaseplan-events-test-{number}")
            assert len(events.containers("create", ledger="events-test")) == 1
            assert len(events.containers("rename", ledger="events-test")) == 300
        finally:
            container.remove(force=True)
        assert len(events.containers("destroy", ledger="events-test")) == 1
        span = ["--since", f"{begun:.3f}", "--until", f"{time.time():.3f}"]
        command = [
            "docker",
            "events",
            *span,
            "--filter",
            "label=phaseplan.ledger=events-test",
            "--format",
            "{{.Action}}",
        ]
        asked_afterwards = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert "create" not in asked_afterwards, "the engine remembers more than it did: is the follower still needed?"
