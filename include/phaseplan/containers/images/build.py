"""Build the images that an engine needs: the collector, the gateway, and those of coding agents."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import docker

from phaseplan.config import place
from phaseplan.containers.engine_errors import engine_errors
from phaseplan.errors import Infrastructure

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_SHARED = ("runner", "fetch")
#: Label of an image that was built here, with the name that it was given: an older one of that name is found by it.
OURS = "phaseplan.built"


class BuildFailed(Infrastructure):
    """The engine could not build an image."""


def context_of_own(name: str) -> Mapping[str, Path]:
    """Return the files and folders of the image `collector` or `gateway`, by their name in the build."""
    return {path.name: path for path in (place.images() / name).iterdir()}


def context_of(agent: str) -> Mapping[str, Path]:
    """Return the files and folders of an agent's image, by their name in the build.

    A package that was fetched already, `.phaseplan/agents/AGENT.tgz`, is taken along: the build fetches it otherwise.
    """
    folder = place.images() / "agents"
    files = {"Dockerfile": folder / agent / "Dockerfile", **{name: folder / name for name in _SHARED}}
    if (requirements := folder / agent / "requirements.txt").is_file():
        files["requirements.txt"] = requirements
    fetched = place.state() / "agents" / f"{agent}.tgz"
    return {**files, "fetch/package.tgz": fetched} if fetched.is_file() else files


def build(client: docker.DockerClient, context: Mapping[str, Path], image: str, sink: Callable[[str], None]) -> None:
    """Build an image; pass the engine's output to `sink`, line by line.

    :raises BuildFailed: a step failed.
    """
    arguments = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    with _packed(context) as file, engine_errors():
        events = client.api.build(
            fileobj=file,
            custom_context=True,
            tag=image,
            rm=True,
            forcerm=True,
            buildargs=arguments,
            labels={OURS: image},
            decode=True,
        )
        for entry in events:
            if "error" in entry:
                raise BuildFailed(f"image {image} could not be built: {entry['error']}")
            for line in str(entry.get("stream", "")).splitlines():
                if line.strip():
                    sink(line)


@contextmanager
def _packed(context: Mapping[str, Path]) -> Iterator[IO[bytes]]:
    """Pack the files into one archive."""
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for name, path in sorted(context.items()):
                archive.add(path, name, filter=_plain)
        file.seek(0)
        yield file


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Make a member independent of user and time; leave out caches."""
    if "__pycache__" in member.name:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member
