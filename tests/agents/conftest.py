"""Real command lines in their real images, and a scripted model that they reach over the network of agents."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.network import AGENTS, network_of
from phaseplan.plan.presets import PRESETS
from tests.agents.model_server import Model, serving

TOP = Path(__file__).resolve().parents[2]
#: Those that are tried; two of all are Python environments of half a gigabyte, which CI does not fetch each time.
TRIED = sorted(PRESETS) if os.environ.get("PHASEPLAN_AGENTS") == "all" else ["claude-code", "codex", "opencode"]
SCRIPT = "mkdir -p a phaseplan-check && echo hello > a/file.txt && cp a/file.txt phaseplan-check/hello.txt"


@pytest.fixture(scope="session")
def gateway() -> None:
    """The images of gateways, and of agents that are a line of Python."""
    wanted = [settings().gateway_image, "phaseplan/sample-recipes:1"]
    subprocess.run([sys.executable, "-m", "provision.images", *wanted], cwd=TOP, check=True)


@pytest.fixture(scope="session")
def images(gateway: None) -> None:
    """The images of all coding agents; without a registry that has their packages there is nothing to be tested."""
    done = subprocess.run(
        [sys.executable, "-m", "provision.agents", *TRIED],
        cwd=TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode == 3:
        pytest.skip(done.stdout[-300:])
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session")
def client() -> docker.DockerClient:
    """The machine's engine."""
    return engine.connect(settings().docker_url)


@pytest.fixture(scope="session")
def host(client: docker.DockerClient) -> str:
    """The address of this machine on the network of agents."""
    network_of(client, "bridge")
    return str(client.api.inspect_network(AGENTS)["IPAM"]["Config"][0]["Gateway"])


@pytest.fixture
def model(host: str) -> Iterator[Model]:
    """A scripted model."""
    with serving(SCRIPT, host) as served:
        yield served
