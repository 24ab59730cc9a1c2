"""Real command lines in their real images, and a scripted model that they reach over the network of agents."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest
import yaml

from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.network import AGENTS, network_of
from tests.agents.evening import pausing, presets, shared, trouble
from tests.agents.evening.part import Played, target_of
from tests.agents.evening.presets import TRIED
from tests.agents.model_server import Model, serving
from tests.end_to_end.night import git, phaseplan

TOP = Path(__file__).resolve().parents[2]
PARTS = (pausing.PART, presets.PART, shared.PART, trouble.PART)
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


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory, host: str, images: None) -> Iterator[dict[int, Played]]:
    """Four phases in one run of one Airflow, as an operator's evening has them: what each of them came to."""
    top = tmp_path_factory.mktemp("evening")
    git(top, "init", "-q", "-b", "main", "work")
    git(top / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    profiles: dict[str, object] = {}
    connections: dict[str, str] = {}
    with ExitStack() as stack:
        models = {part.phase: stack.enter_context(serving(part.script, host, part.edit)) for part in PARTS}
        for part in PARTS:
            if part.sample:
                made = [sys.executable, TOP / "samples/create.py", part.sample, target_of(top, part.phase)]
                subprocess.run(made, check=True, capture_output=True)
            else:
                git(top, "clone", "-q", "--bare", "work", str(target_of(top, part.phase)))
            profiles |= part.profiles(models[part.phase])
            connections |= part.connections
            plan = {**part.plan(), "repository": str(target_of(top, part.phase))}
            (top / f"plan-{part.phase}.yaml").write_text(yaml.safe_dump(plan))
            stack.enter_context(part.beside(top, models[part.phase]))
        (top / "agents.yaml").write_text(yaml.safe_dump(profiles))
        done = phaseplan(
            ["run", *(str(top / f"plan-{part.phase}.yaml") for part in PARTS), "--agents", str(top / "agents.yaml"),
             "--home", str(top / "home"), "--keep"],
            top / "state", **connections, **pausing.heard(top),
        )  # fmt: skip
        said = done.stdout + done.stderr
        yield {part.phase: Played(part.phase, top, models[part.phase], done.returncode, said) for part in PARTS}
