"""Turn errors of the Docker engine into sentences that name the next step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests.exceptions
import urllib3.exceptions

from phaseplan.errors import Infrastructure, Lasting
from phaseplan.repository.disk import DiskFull, of_error, of_git

__all__ = ["DiskFull"]

_IMAGE = re.compile(r"[Nn]o such image:? ?([^\s\"')]+)")
_PROGRAM = re.compile(r'exec: "([^"]+)"')
_NETWORK = re.compile(r"network (\S+) not found")
#: How dockerd says that containerd, which runs the containers, is gone or is starting.
_CONTAINERD_AWAY = re.compile(r"containerd\.sock|transport is closing|code = Unavailable|: unavailable\Z")
_WIRE = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)


class EngineUnreachable(Infrastructure):
    """The engine does not answer, or went away in the middle."""


class EngineForbidden(EngineUnreachable, Lasting):
    """This user has no permission for the engine's socket."""


class CommandMissing(Lasting):
    """An image does not have the program that a container of it is to run."""


class NetworkMissing(Lasting):
    """The engine does not have the network that a profile names."""


class ImageMissing(Lasting):
    """The engine does not have an image that a profile names."""

    def __init__(self, image: str) -> None:
        super().__init__(f"image {image} is not on the Docker engine: pull it (docker pull {image}) or build it there")
        self.image = image


class EngineRefused(Lasting):
    """The engine cannot do what was asked, and a retry would not help."""


class ContainerGone(Infrastructure):
    """A container or volume that existed a moment ago does not exist any more."""


class NameTaken(Infrastructure):
    """Another process has created this container; the next try of the second process follows it."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn whatever Docker, its HTTP client or the socket raise into Infrastructure."""
    try:
        yield
    except Infrastructure:
        raise
    except docker.errors.DockerException as error:
        raise _explained(error) from error
    except _WIRE as error:
        if (full := of_error(error) or of_git(str(error), "on the way to the Docker engine")) is not None:
            raise full from error
        raise _silent(str(error)) from error


def _explained(error: docker.errors.DockerException) -> Infrastructure:
    """Turn an error that Docker reported into an exception that names the next step."""
    text = str(getattr(error, "explanation", None) or error)
    image = _IMAGE.search(text)
    if image or isinstance(error, docker.errors.ImageNotFound):
        return ImageMissing(image[1].rstrip(",") if image else text)
    if any(phrase in text.lower() for phrase in ("no space left", "disk quota exceeded", "read-only file system")):
        return DiskFull(f"no space left on the Docker engine's disk: free some (see docker system df): {text}")
    if "OCI runtime create failed" in text and (program := _PROGRAM.search(text)) is not None:
        message = (
            f"the image has no program {program[1]!r} that can be run: mend `command` of the agent profile ({text})"
        )
        return CommandMissing(message)
    if (network := _NETWORK.search(text)) is not None:
        message = f"the Docker engine has no network {network[1]}: create it there (docker network create {network[1]})"
        return NetworkMissing(f"{message}, or mend `network` of the agent profile")
    if isinstance(error, docker.errors.NotFound):
        return ContainerGone(f"the Docker engine no longer has it: {text}")
    if isinstance(error, docker.errors.APIError) and error.status_code == 409 and "already in use" in text:
        return NameTaken(f"another process has begun this attempt: {text}")
    if isinstance(error, docker.errors.APIError) and error.status_code == 400:
        return EngineRefused(f"the Docker engine refused: {text}. Next: mend the agent profile (memory, cpus, names)")
    if isinstance(error, docker.errors.APIError) and _CONTAINERD_AWAY.search(text):
        message = "the Docker engine answers, and its containerd does not: wait for it, or start the engine again"
        return EngineUnreachable(f"{message} ({text})")
    if isinstance(error, docker.errors.APIError):
        return Infrastructure(f"the Docker engine refused: {text}")
    return _silent(text)


def _silent(text: str) -> EngineUnreachable:
    """Make the error for an engine that does not answer, or refuses this user."""
    if "Permission denied" in text or "PermissionError" in text:
        return EngineForbidden(
            "the Docker engine does not let this user in: add the user to the group that owns its socket, "
            f"or check docker_url ({text})"
        )
    return EngineUnreachable(f"the Docker engine does not answer: start it, or check docker_url ({text})")
