"""Images and containers of the samples. A build is answered from Docker's cache when nothing changed."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
LIMITS = [
    *("--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"),
    *("--init", "--memory", "2g", "--pids-limit", "512", "--label", "phaseplan-test=samples"),
]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def docker(*arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the Docker client."""
    done = subprocess.run(["docker", *arguments], input=stdin, text=True, capture_output=True)
    assert not check or done.returncode == 0, f"docker {arguments[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done


def image(sample: str) -> str:
    """Build a sample's image under a tag of the tests' own."""
    tag = f"phaseplan/test-{sample}:samples"
    docker("build", "--quiet", "--network", "host", "--tag", tag, str(SAMPLES / sample))
    return tag


def container(sample: str) -> Iterator[Run]:
    """A container as agents get one; gives a function that runs a command in it."""
    name = f"phaseplan-test-samples-{uuid.uuid4().hex[:8]}"
    docker("run", "--detach", "--name", name, *LIMITS, image(sample), "sleep", "1800")

    def run(*command: str, stdin: str = "", check: bool = False, env: str = "") -> subprocess.CompletedProcess[str]:
        extra = ["--env", env] if env else []
        return docker("exec", "--interactive", *extra, name, *command, stdin=stdin, check=check)

    try:
        yield run
    finally:
        docker("rm", "--force", "--volumes", name, check=False)


@pytest.fixture(scope="session")
def go() -> Iterator[Run]:
    """A container of the sample kcp-lite."""
    yield from container("kcp-lite")


@pytest.fixture(scope="session")
def chain(go: Run) -> dict[str, Any]:
    """What became of phase 5 in that container, below /tmp/chain; the campaign goes on from there."""
    script = Path(__file__).with_name("inside_chain.py").read_text()
    done = go("python3", "-", "/tmp/chain", stdin=script, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="session")
def recipes() -> Iterator[Run]:
    """A container of the sample recipes."""
    yield from container("recipes")
