"""What compose leaves of a service that the settings name no more, and what of it we remove."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from provision.compose import Project

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]
SERVICE = {"image": "debian:bookworm-slim", "init": True, "command": ["sleep", "600"]}
MORE = {"services": {"more": {**SERVICE, "volumes": ["/nameless", "kept:/kept"]}}, "volumes": {"kept": None}}


def volumes() -> set[str]:
    """All volumes of the engine."""
    done = subprocess.run(["docker", "volume", "ls", "-q"], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project of two files, of which the second adds a service with two volumes."""
    for name, content in (("one.yaml", {"services": {"one": SERVICE}}), ("more.yaml", MORE)):
        (tmp_path / name).write_text(yaml.safe_dump({"version": "3.7", **content}))
    made = Project(tmp_path / "settings", f"phaseplan-test-{secrets.token_hex(4)}")
    made.settings.write_text(f"COMPOSE_FILE={tmp_path}/one.yaml:{tmp_path}/more.yaml\n")
    yield made
    made.run("down", "--volumes", "--remove-orphans")
    made.remove_volumes()


def test_a_service_that_is_taken_out_goes_with_its_nameless_volume(project: Project) -> None:
    project.up(60)
    more = next(one.id for one in project.containers() if one.service == "more")
    mounts = ["docker", "inspect", more, "--format", "{{range .Mounts}}{{.Name}} {{end}}"]
    made = set(subprocess.run(mounts, check=True, capture_output=True, text=True).stdout.split())
    assert len(made & volumes()) == 2
    project.settings.write_text(project.settings.read_text().replace(f":{project.settings.parent}/more.yaml", ""))
    project.up(60)
    assert [one.service for one in project.containers()] == ["one"]
    assert made & volumes() == {f"{project.name}_kept"}, "what has a name is somebody's data"
    project.remove_volumes()
    assert made & volumes() == set()
