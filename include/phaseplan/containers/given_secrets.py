"""Hand secrets to an agent as files that no disk holds, and say later which values a container was given.

The values go to the first process over the container's standard input, and it writes them into memory (a tmpfs)
before the agent starts. Neither the engine's description of the container nor a disk has them. What is needed to hide
them later, also if they are changed meanwhile, is a file in the container that only this installation can decrypt: with
Airflow's key for connections, which all its components have, or else with a key in `state`.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import docker
import docker.errors
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from phaseplan.containers import engine
from phaseplan.containers.engine_errors import engine_errors
from phaseplan.plan.agents import AgentProfile, SecretSource

PLACE = "/phaseplan/given"
_END = "."  # the line after the last secret; no file has that name


def start(client: docker.DockerClient, container_id: str, files: Mapping[str, str]) -> None:
    """Start a created container of an agent, and hand its first process the secrets that the agent gets as files.

    If this process dies in between, the container's input ends early, and the container with it: see `pid1`.

    :param files: values by the name of the file.
    """
    if not files:
        engine.start(client, container_id)
        return
    with engine_errors():
        attached = client.api.attach_socket(container_id, params={"stdin": 1, "stream": 1})
        channel = getattr(attached, "_sock", attached)
        try:
            client.api.start(container_id)
            channel.sendall(_lines(files))
        finally:
            attached.close()
            channel.close()


def _lines(files: Mapping[str, str]) -> bytes:
    """Write each value as one line, in the escapes of the shell's printf: a value may have lines of its own."""
    lines = [" ".join((name, "".join(f"\\0{byte:03o}" for byte in value.encode()))) for name, value in files.items()]
    return "\n".join([*lines, _END, ""]).encode()


def files_of(profile: AgentProfile, secrets: Mapping[str, str]) -> dict[str, str]:
    """Return the values that an agent gets as files, by the name of the file."""
    return {Path(source.file).name: secrets[name] for name, source in profile.sources.items() if source.file}


def paths_of(profile: AgentProfile) -> dict[str, str]:
    """Return the variables that say where the files are."""
    return {name: source.file for name, source in profile.sources.items() if source.file}


def seal(profile: AgentProfile, secrets: Mapping[str, str], state: Path, shared: str = "") -> bytes:
    """Return an archive member for `/` with the encrypted values of all files; nothing where there are none.

    :param state: folder of this worker, which has a key where no other is given.
    :param shared: keys of all workers, with commas; the first is used.
    """
    values = [*files_of(profile, secrets).values()]
    if not values:
        return b""
    data = _keys(state, shared, make=True).encrypt(json.dumps(values).encode())
    info = tarfile.TarInfo(PLACE[1:])
    info.size, info.mode = len(data), 0o400
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def given(
    client: docker.DockerClient,
    container_id: str,
    sources: Mapping[str, SecretSource],
    state: Path,
    shared: str = "",
) -> tuple[str, ...] | None:
    """Return the secret values that a container was given, which may have been changed since.

    :param sources: of its agent's secrets, by variable.
    :return: None if those of its files cannot be read with the keys that are here.
    """
    values = values_at_creation(client, container_id, [name for name, source in sources.items() if not source.file])
    if not any(source.file for source in sources.values()):
        return tuple(values.values())
    try:
        sealed = json.loads(_keys(state, shared).decrypt(_read(client, container_id)))
    except (InvalidToken, FileNotFoundError, docker.errors.NotFound):
        return None
    return (*values.values(), *map(str, sealed))


def values_at_creation(client: docker.DockerClient, container_id: str, variables: Iterable[str]) -> dict[str, str]:
    """Return the values that variables had when a container was created, such as secrets that were changed later."""
    wanted = set(variables)
    if not wanted:
        return {}
    with engine_errors():
        lines = client.api.inspect_container(container_id)["Config"]["Env"] or []
    settings = (line.partition("=") for line in lines)
    return {name: value for name, _, value in settings if name in wanted}


def _read(client: docker.DockerClient, container_id: str) -> bytes:
    """Read the encrypted values out of a container, which may have ended."""
    pieces, _ = client.api.get_archive(container_id, PLACE)
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        file = tar.extractfile(tar.next() or tarfile.TarInfo())
        return file.read() if file else b""


def _keys(state: Path, shared: str, *, make: bool = False) -> MultiFernet:
    """Return what encrypts with the first of the shared keys, or else with this worker's, and decrypts with any."""
    keys = [Fernet(key.strip()) for key in shared.split(",") if key.strip()]
    if not keys or (state / "secrets.key").is_file():
        keys.append(Fernet(_key(state, make=make)))
    return MultiFernet(keys)


def _key(state: Path, *, make: bool = False) -> bytes:
    """Return the key of this installation; the first process that needs one makes it."""
    place = state / "secrets.key"
    if make and not place.is_file():
        state.mkdir(parents=True, exist_ok=True)
        fresh = state / f".secrets.key.{os.getpid()}.{os.urandom(4).hex()}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(fresh, place)
        fresh.unlink()
    return place.read_bytes()
