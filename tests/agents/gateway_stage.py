"""A phase whose agent, a line of Python in a gateway's network, asks the scripted model or tries to get out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from phaseplan.attempt.job import Done, Running
from phaseplan.attempt.step import step
from phaseplan.containers import engine
from phaseplan.containers.log_following import follow
from phaseplan.plan.agents import AgentProfile
from tests.agents.model_server import Model
from tests.build.conftest import PLAN, Stage, staged

KEY, BAD_KEY = "good-key-of-this-test-0123456789", "bad-key-of-this-test-0123456789"
CLAIM = "run-1/3"
#: What every agent here can do.
BEGIN = """
import json, os, pathlib, socket, subprocess, sys, urllib.error, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def write(text):
    pathlib.Path("a").mkdir(exist_ok=True)
    pathlib.Path("a/file.txt").write_text(text)
def ask(key=os.environ["OPENAI_API_KEY"], model="scripted"):
    body = json.dumps({"model": model, "input": [], "stream": True}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        url = os.environ["PHASEPLAN_ENDPOINT"] + "/responses"
        return direct.open(urllib.request.Request(url, body, headers), timeout=60).read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError as error:
        return f"0 {error}"
"""


def profile(model: Model, script: str, **keys: Any) -> AgentProfile:
    """A profile that asks for a gateway, with an image of a sample, which has Python."""
    given = {"use": "codex", "image": "phaseplan/sample-recipes:1", "command": ["python3", "-c", BEGIN + script],
             "model": "scripted", "endpoint": f"{model.url}/v1", "secrets": {"key": "my_connection"}, "memory": "256m",
             "timeout": 120}  # fmt: skip
    return AgentProfile.model_validate(given | keys)


@contextmanager
def stage_of(tmp_path: Path, made: AgentProfile, plan: Mapping[str, Any] = PLAN) -> Iterator[Stage]:
    """An open phase; it must be left without containers and networks."""
    with staged(tmp_path, made, plan=plan) as stage:
        try:
            yield stage
        finally:
            left = left_over(stage)
            for found in stage.containers():
                engine.remove(stage.client, found.id)
            for network in networks(stage):
                stage.client.api.remove_network(network)
        assert left == []


def networks(stage: Stage) -> list[str]:
    ledger = stage.snapshot().ledger
    listed = stage.client.networks.list(filters={"label": f"phaseplan.ledger={ledger.id if ledger else ''}"})
    return [str(network.name) for network in listed]


def left_over(stage: Stage) -> list[str]:
    return [found.labels.role for found in stage.containers()] + networks(stage)


def begin(stage: Stage, key: str = KEY, claim: str = CLAIM, branch: str = "7.1.1") -> Running:
    """Start the branch's agent."""
    with stage.job(claim, branch, OPENAI_API_KEY=key) as job:
        running = step(job)
    assert isinstance(running, Running), running
    return running


def carry(stage: Stage, key: str = KEY, claim: str = CLAIM, branch: str = "7.1.1") -> tuple[Done, int]:
    """Play a whole try of the branch's task; also how many agents and gates ran."""
    for containers in range(20):
        with stage.job(claim, branch, OPENAI_API_KEY=key) as job:
            outcome = step(job)
        if isinstance(outcome, Done):
            return outcome, containers
        if isinstance(outcome, Running):
            follow(stage.client, outcome.container, stage.said.append, 120)
    pytest.fail("it does not come to an end")
