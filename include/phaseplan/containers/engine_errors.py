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
    """The engine's socket does not let this user in."""


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
    """The engine cannot do what it was asked for, and never will."""


class ContainerGone(Infrastructure):
    """A container or volume that was there a moment ago is not."""


class NameTaken(Infrastructure):
    """Another process has created this very container: whoever comes second follows it with the next try."""


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn whatever Docker, its HTTP client or the socket raise into Infrastructure."""
    try:
        yield
    except Infrastructure:
        raise
    except docker.errors.DockerException as error:
        raise _spoken(error) from error
    except _WIRE as error:
        if (full := of_error(error) or of_git(str(error), "on the way to the Docker engine")) is not None:
            raise full from error
        raise _silent(str(error)) from error


def _spoken(error: docker.errors.DockerException) -> Infrastructure:
    text = str(getattr(error, "explanation", None) or error)
    image = _IMAGE.search(text)
    if image or isinstance(error, docker.errors.ImageNotFound):
        return ImageMissing(image[1].rstrip(",") if image else text)
    if any(words in text.lower() for words in ("no space left", "disk quota exceeded", "read-only file system")):
        return DiskFull(f"no space left on the Docker engine's disk: free some (see docker system df): {text}")
    if "OCI runtime create failed" in text and (program := _PROGRAM.search(text)) is not None:
        said = f"the image has no program {program[1]!r} that can be run: mend `command` of the agent profile ({text})"
        return CommandMissing(said)
    if (network := _NETWORK.search(text)) is not None:
        said = f"the Docker engine has no network {network[1]}: create it there (docker network create {network[1]})"
        return NetworkMissing(f"{said}, or mend `network` of the agent profile")
    if isinstance(error, docker.errors.NotFound):
        return ContainerGone(f"the Docker engine no longer has it: {text}")
    if isinstance(error, docker.errors.APIError) and error.status_code == 409 and "already in use" in text:
        return NameTaken(f"another process has begun this attempt: {text}")
    if isinstance(error, docker.errors.APIError) and error.status_code == 400:
        return EngineRefused(f"the Docker engine refused: {text}. Next: mend the agent profile (memory, cpus, names)")
    if isinstance(error, docker.errors.APIError) and _CONTAINERD_AWAY.search(text):
        said = "the Docker engine answers, and its containerd does not: wait for it, or start the engine again"
        return EngineUnreachable(f"{said} ({text})")
    if isinstance(error, docker.errors.APIError):
        return Infrastructure(f"the Docker engine refused: {text}")
    return _silent(text)


def _silent(text: str) -> EngineUnreachable:
    """An engine that does not answer, or does not answer us."""
    if "Permission denied" in text or "PermissionError" in text:
        return EngineForbidden(
            "the Docker engine does not let this user in: add the user to the group that owns its socket, "
            f"or check docker_url ({text})"
        )
    return EngineUnreachable(f"the Docker engine does not answer: start it, or check docker_url ({text})")
