"""What a Docker engine can answer, said in words that name the next step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests.exceptions
import urllib3.exceptions

from include.phaseplan.errors import Infrastructure

_IMAGE = re.compile(r"[Nn]o such image:? ?([^\s\"')]+)")
_WIRE = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)


class EngineUnreachable(Infrastructure):
    """The engine does not answer, or went away in the middle."""


class ImageMissing(Infrastructure):
    """The engine does not have an image that a profile names."""

    def __init__(self, image: str) -> None:
        super().__init__(f"image {image} is not on the Docker engine: pull it (docker pull {image}) or build it there")
        self.image = image


class ContainerGone(Infrastructure):
    """A container or volume that was there a moment ago is not."""


class NameTaken(Infrastructure):
    """Another process has created this very container: whoever comes second follows it with the next try."""


class DiskFull(Infrastructure):
    """No space left where the engine keeps its data, or on the worker."""


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
        if "No space left" in str(error):
            raise DiskFull(f"no space left on this machine's disk: free some ({error})") from error
        raise EngineUnreachable(
            f"the Docker engine does not answer: start it, or check docker_url ({error})"
        ) from error


def _spoken(error: docker.errors.DockerException) -> Infrastructure:
    text = str(getattr(error, "explanation", None) or error)
    image = _IMAGE.search(text)
    if image or isinstance(error, docker.errors.ImageNotFound):
        return ImageMissing(image[1].rstrip(",") if image else text)
    if "no space left" in text.lower():
        return DiskFull(f"no space left on the Docker engine's disk: free some (see docker system df): {text}")
    if isinstance(error, docker.errors.NotFound):
        return ContainerGone(f"the Docker engine no longer has it: {text}")
    if isinstance(error, docker.errors.APIError) and error.status_code == 409 and "already in use" in text:
        return NameTaken(f"another process has begun this attempt: {text}")
    if isinstance(error, docker.errors.APIError):
        return Infrastructure(f"the Docker engine refused: {text}")
    return EngineUnreachable(f"the Docker engine does not answer: start it, or check docker_url ({text})")
