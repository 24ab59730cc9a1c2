"""Fetch linked work trees outside the workspace from an ended container, for the collector.

They are in no volume, so they go with the container. Where one is, the agent's own files say: what is fetched never
touches this machine but as one archive, with a limit, which the engine unpacks again inside the collector's container.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import docker
import docker.errors

from phaseplan.containers.engine_errors import DiskFull, engine_errors
from phaseplan.containers.tarball import member, small_files

_MOST = 10  # work trees
_POINTER = 4096  # bytes of a work tree's `.git`


@dataclass(frozen=True)
class Fetched:
    """Hold what was put into the collector's container.

    :param trees: folder below `/collector` by the folder in the agent's container.
    :param failures: descriptions of what could not be fetched.
    """

    trees: dict[str, str]
    gone: tuple[str, ...] = ()


def fetch(
    client: docker.DockerClient, agent: str, collector: str, places: Sequence[str], cap: int, folder: Path
) -> Fetched:
    """Copy work trees from an agent's ended container into a collector's container that is not started.

    :param places: their folders, as the agent's repository has them; one that is not there any more is none.
    :param cap: bytes that one may have.
    :param folder: holds one archive at a time.
    :raises Infrastructure: the engine does not answer, or its disk is full.
    """
    trees: dict[str, str] = {}
    failures: list[str] = []
    for number, place in enumerate(places):
        if not _has_worktree(client, agent, place):
            continue
        name = PurePosixPath(place).name
        reason = f"more than {_MOST} work trees" if len(trees) == _MOST else ""
        with tempfile.TemporaryFile(dir=folder) as file:
            reason = reason or _read(client, agent, place, file, cap)
            reason = reason or _unpack(client, collector, f"trees/{number}", file)
        if reason:
            failures.append(
                f"uncommitted files, if there are any, of a work tree outside /workspace, in {place}: {reason}"
            )
        else:
            trees[place] = f"trees/{number}/{name}"
    return Fetched(trees, tuple(failures))


def _has_worktree(client: docker.DockerClient, agent: str, place: str) -> bool:
    """Say whether a linked work tree is in the container: what the agent removed itself is not lost."""
    pointer = io.BytesIO()
    with engine_errors():
        try:
            stream, _ = client.api.get_archive(agent, f"{place}/.git")
            return member(stream, pointer, _POINTER) and pointer.getvalue().startswith(b"gitdir: ")
        except (docker.errors.APIError, tarfile.TarError):
            return False


def _read(client: docker.DockerClient, agent: str, place: str, file: IO[bytes], cap: int) -> str:
    """Write the folder as an archive into `file`; return a reason if it is too large or the engine has it not."""
    if not PurePosixPath(place).name:
        return "it is the container's whole file system"
    size = 0
    with engine_errors():
        try:
            stream, _ = client.api.get_archive(agent, place)
            for piece in stream:
                size += len(piece)
                if size > cap:
                    return f"it is larger than {cap} bytes"
                file.write(piece)
        except docker.errors.APIError as error:
            return f"the engine did not give it out ({error.explanation})"
    return ""


def _unpack(client: docker.DockerClient, collector: str, folder: str, file: IO[bytes]) -> str:
    """Unpack the archive in the collector's container; return a reason if the engine refuses it."""
    file.seek(0)
    with engine_errors():
        try:
            client.api.put_archive(collector, "/collector", small_files(folder, {}))
            client.api.put_archive(collector, f"/collector/{folder}", file)
        except docker.errors.APIError as error:
            if "no space left" in str(error).lower():
                raise DiskFull("no space left on the Docker engine's disk: free some, then Clear the task") from error
            return f"the engine did not take it ({error.explanation})"
    return ""
