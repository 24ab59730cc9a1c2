"""Create a container of a profile without starting it: what fails here would fail for every agent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import docker.errors
from docker import DockerClient

from phaseplan.containers import engine
from phaseplan.containers.engine_errors import CommandMissing, NetworkMissing, engine_errors
from phaseplan.containers.labels import Labels
from phaseplan.containers.specs import of_profile
from phaseplan.plan.agents import AgentProfile

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OWN = ("none", "host", "bridge", "default")


def check_profile(client: DockerClient, name: str, profile: AgentProfile, phase: int) -> None:
    """Check that a container of a profile can be created and that its image holds the program to run.

    :raises ImageMissing, CommandMissing, NetworkMissing: it cannot; nothing is left behind.
    """
    engine.image_digest(client, profile.image)
    _check_network(client, profile.network)
    spec = of_profile(profile, Labels("preflight", phase, "preflight", 0, name, "collector"))
    container_id = engine.create(client, replace(spec, command=profile.command))
    try:
        _check_program(client, container_id, profile)
    finally:
        engine.remove(client, container_id)


def _check_network(client: DockerClient, network: str) -> None:
    if network in _OWN or network.startswith("container:"):
        return
    with engine_errors():
        try:
            client.api.inspect_network(network)
        except docker.errors.NotFound:
            message = f"the Docker engine has no network {network}: create it there (docker network create {network})"
            raise NetworkMissing(f"{message}, or mend `network` of the profile") from None


def _check_program(client: DockerClient, container: str, profile: AgentProfile) -> None:
    """Raise CommandMissing if the image lacks the program that the container is to run."""
    with engine_errors():
        config = client.api.inspect_container(container)["Config"]
    argv = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    if argv and not any(_is_executable(client, container, path) for path in _places(argv[0], config)):
        raise CommandMissing(
            f"image {profile.image} has no program `{argv[0]}`: mend `command` of the profile, or add it to the image"
        )


def _places(program: str, config: dict[str, Any]) -> Iterator[str]:
    """List the paths where the engine would look for a program."""
    if program.startswith("/"):
        yield program
    elif "/" in program:
        yield "/"
    else:
        search = next((e[5:] for e in config.get("Env") or () if e.startswith("PATH=")), _PATH)
        yield from (f"{folder.rstrip('/')}/{program}" for folder in search.split(":") if folder.startswith("/"))


def _is_executable(client: DockerClient, container: str, path: str) -> bool:
    """Say whether a path is an executable file; its content is not transferred."""
    if path.startswith(engine.WORKSPACE + "/"):
        return True  # an agent's checkout comes there
    with engine_errors():
        url = f"{client.api.base_url}/v{client.api.api_version}/containers/{container}/archive"
        response = client.api.head(url, params={"path": path}, timeout=30)
    if response.status_code != 200:
        return False
    stat = json.loads(base64.b64decode(response.headers["x-docker-container-path-stat"]))
    return bool(stat["mode"] & 0o111)  # of a symbolic link it says that all may
