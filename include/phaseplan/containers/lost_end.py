"""Notice containers that have ended without their engine knowing it, and make it know.

When the engine's containerd is killed and a container ends before it is back, the engine takes that container for
running, for ever: its log stays open, and a process that waits for it never returns.
"""

from __future__ import annotations

from contextlib import suppress

import docker
import docker.errors

from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ContainerGone, engine_errors

INTERVAL = 30.0  # seconds between two checks of a container that a process waits for


def settle(client: docker.DockerClient, container_id: str) -> None:
    """Make the engine record the end of a container that it calls running although it has no process.

    SIGCONT is sent to such a container, which asks a process for nothing: an engine that finds no process to send it to
    looks for the end. Some seconds later the container has its exit code if containerd still has it, else 255 (see
    `pid1.STOPPED`). A container that lives, under a runtime whose processes the engine does not see, goes on.
    """
    if not _without_process(client, container_id):
        return
    with engine_errors(), suppress(docker.errors.APIError):  # it has ended meanwhile, or is gone
        client.api.kill(container_id, "SIGCONT")


def _without_process(client: docker.DockerClient, container_id: str) -> bool:
    """Say whether a container that counts as running has no process; False if the engine cannot tell."""
    with engine_errors():
        try:
            return not client.api.top(container_id)["Processes"]
        except docker.errors.NotFound:
            return _runs(client, container_id)  # of the container's own absence the engine says the same
        except docker.errors.APIError:
            return False  # it has ended properly, the engine has no `ps`, or its containerd is away


def _runs(client: docker.DockerClient, container_id: str) -> bool:
    try:
        return engine.look(client, container_id).status == "running"
    except ContainerGone:
        return False
