"""Find, create, start, stop and remove containers. Every container is hardened here, and only here."""

from __future__ import annotations

import os
import re
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import docker
import docker.errors
from docker.types import LogConfig, Mount

from phaseplan.containers import pid1
from phaseplan.containers.engine_errors import ContainerGone, engine_errors
from phaseplan.containers.labels import Labels, filters
from phaseplan.containers.network import apart, network_of
from phaseplan.plan.agents import SECRETS

WORKSPACE = "/workspace"
CANCELLED = "-cancelled"  # ends the name of a container that a person, or a task on its behalf, has stopped
OVER_DISK = "-over-disk"  # and of one that was stopped because it wrote too much
_OURS = "phaseplan."  # what our labels begin with
PATIENCE = 120  # seconds of silence after which an engine counts as gone
_SECRETS = {SECRETS: "size=1m,mode=755,noexec,nosuid,nodev"}
_LOG_FILES = {"max-size": "20m", "max-file": "2"}  # an agent that talks without end must not fill the disk


@dataclass(frozen=True)
class Spec:
    """Describe a container to create. Sizes in bytes.

    :param volume: what is mounted at /workspace; None makes a new one.
    :param mounted: whether a volume is mounted; else the workspace is in the image.
    :param secret_files: the caller hands secrets over, by `given_secrets.start`.
    :param own_pid1: foreign code runs in it, under `pid1`, whose files the caller copies in.
    :param marks: further labels of ours, by what follows `phaseplan.`; see `Found.marks`.
    """

    image: str
    labels: Labels
    user: str  # uid:gid
    memory: int
    cpus: float = 1.0
    pids: int = 512
    command: Sequence[str] = ()
    entrypoint: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    network: str = "none"
    volume: str | None = None
    mounted: bool = True
    own_pid1: bool = False
    secret_files: bool = False
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """Describe a container as the engine reports it now. Times as the engine writes them (RFC 3339), empty if missing.

    Of a container that lives for a millisecond the engine may write that it finished before it started.

    :param exit_code: the command's; None while it runs.
    :param stopped: the engine or a person ended it. Nothing inside can bring this about where `Spec.own_pid1` was set.
    """

    id: str
    status: str  # running | exited | created
    labels: Labels
    exit_code: int | None
    oom: bool
    started_at: str
    finished_at: str
    cancelled: bool = False  # stopped on purpose before it was done, whatever its exit code says
    over_disk: bool = False  # stopped at its disk limit
    stopped: bool = False
    marks: Mapping[str, str] = field(default_factory=dict)


def connect(url: str) -> docker.DockerClient:
    """Open an engine: `unix://`, `tcp://` (TLS as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say) or `ssh://`."""
    with engine_errors():
        tls = docker.utils.kwargs_from_env().get("tls") if os.environ.get("DOCKER_TLS_VERIFY") else None
        extra = {"tls": tls} if tls and url.startswith("tcp://") else {}
        client = docker.DockerClient(base_url=url, version="auto", timeout=PATIENCE, **extra)
        # To a socket leads no proxy, and each request would search the environment for one, twice.
        client.api.trust_env = not url.startswith("unix://")
        return client


def find(client: docker.DockerClient, **wanted: str | int) -> list[Found]:
    """List our containers that carry these labels (keys of `Labels`), newest first, running or not."""
    with engine_errors():
        listed = client.api.containers(all=True, filters={"label": filters(**wanted)})
    containers = []
    for entry in listed:
        try:
            containers.append(look(client, entry["Id"]))
        except (ContainerGone, ValueError):
            continue  # removed since the listing, or not ours
    return containers


def look(client: docker.DockerClient, container_id: str) -> Found:
    """Read one container's state from the engine.

    :raises ContainerGone: there is none of that id.
    """
    with engine_errors():
        data = client.api.inspect_container(container_id)
    state = data["State"]
    alive = state["Status"] in {"running", "paused", "restarting", "removing"}
    status = "running" if alive else "created" if state["Status"] == "created" else "exited"
    labels = data["Config"]["Labels"] or {}
    code, stopped = pid1.code_of(data["Config"], int(state["ExitCode"]))
    return Found(
        id=data["Id"],
        status=status,
        labels=Labels.from_dict(labels),
        exit_code=code if status == "exited" else None,
        oom=bool(state.get("OOMKilled")),
        started_at=_time(state.get("StartedAt")),
        finished_at=_time(state.get("FinishedAt")),
        cancelled=str(data.get("Name", "")).endswith(CANCELLED),
        over_disk=str(data.get("Name", "")).endswith(OVER_DISK),
        stopped=status == "exited" and stopped and not state.get("OOMKilled"),
        marks={key.removeprefix(_OURS): value for key, value in labels.items() if key.startswith(_OURS)},
    )


def _time(text: str | None) -> str:
    return "" if not text or text.startswith("0001-") else text


def create(client: docker.DockerClient, spec: Spec) -> str:
    """Create a hardened container, not started; on failure no volume is left behind.

    An agent's container is named after its attempt, so the engine refuses a second one: a worker that was given up
    and its successor cannot both begin the attempt.
    """
    own = f"phaseplan-{random.token_hex(8)}"
    name, volume = _name(spec.labels) if spec.labels.role == "agent" else own, spec.volume or own
    new = spec.mounted and spec.volume is None
    with engine_errors():
        if new:
            client.api.create_volume(own, labels=spec.labels.as_dict())
        try:
            created = client.api.create_container(**_config(client, spec, volume), name=name)
        except BaseException:
            if new:
                _drop_volume(client, volume)
            raise
    return str(created["Id"])


def _name(labels: Labels) -> str:
    branch = re.sub(r"[^A-Za-z0-9_.-]", "_", labels.branch)
    return f"phaseplan-{labels.ledger[:12]}-{labels.phase}-{branch}-{labels.attempt}"


def _config(client: docker.DockerClient, spec: Spec, volume: str) -> dict[str, Any]:
    host = client.api.create_host_config(
        network_mode=network_of(client, spec.network),
        mounts=[Mount(target=WORKSPACE, source=volume, type="volume", no_copy=True)] if spec.mounted else None,
        cap_drop=["ALL"],
        cap_add=list(pid1.RIGHTS) if spec.own_pid1 else None,
        security_opt=["no-new-privileges:true"],
        mem_limit=spec.memory,
        memswap_limit=spec.memory,  # the same number: no swap on top
        nano_cpus=int(spec.cpus * 1e9),
        pids_limit=spec.pids,
        init=not spec.own_pid1,
        tmpfs=_SECRETS if spec.secret_files else None,
        log_config=LogConfig(type=LogConfig.types.JSON, config=_LOG_FILES),
        **apart(spec.labels.role, spec.marks),
    )
    return {
        "image": spec.image,
        **(_guarded(client, spec) if spec.own_pid1 else _plain(spec)),
        "environment": dict(spec.environment),
        "working_dir": WORKSPACE,
        "stdin_open": spec.secret_files,
        "labels": {**spec.labels.as_dict(), **{f"{_OURS}{key}": value for key, value in spec.marks.items()}},
        "host_config": host,
    }


def _plain(spec: Spec) -> dict[str, Any]:
    """Return the settings that run the command as the profile's user, under the engine's own init."""
    return {
        "command": list(spec.command) or None,
        "entrypoint": list(spec.entrypoint) if spec.entrypoint is not None else None,
        "user": spec.user,
    }


def _guarded(client: docker.DockerClient, spec: Spec) -> dict[str, Any]:
    """Return the settings that run the command under our PID 1, which is root; a health check of the image is off."""
    try:
        config = client.api.inspect_image(spec.image)["Config"] or {}
    except docker.errors.ImageNotFound as error:
        raise docker.errors.ImageNotFound(f"No such image: {spec.image}") from error
    entrypoint, command = config.get("Entrypoint") or [], config.get("Cmd") or []
    if spec.entrypoint is not None:
        entrypoint, command = list(spec.entrypoint), []
    argv = [*entrypoint, *(spec.command or command)]
    has_home = "HOME" in spec.environment or any(e.startswith("HOME=") for e in config.get("Env") or [])
    return {
        "entrypoint": pid1.command_line(argv, spec.user, has_home=has_home, secret_files=spec.secret_files),
        "user": "0:0",
        "healthcheck": {"test": ["NONE"]},  # the engine would run it as root
        "stop_signal": "SIGTERM",  # an image may ask for one that PID 1 does not know
    }


def start(client: docker.DockerClient, container_id: str) -> None:
    """Start a created container; one that runs already is left alone."""
    with engine_errors():
        client.api.start(container_id)


def stop(client: docker.DockerClient, container_id: str, grace: int = 10) -> None:
    """Ask a container to end, and kill it after `grace` seconds. Missing or ended is fine."""
    with engine_errors():
        try:
            client.api.stop(container_id, timeout=grace)
        except docker.errors.NotFound:
            return


def cancel(client: docker.DockerClient, container_id: str, grace: int = 10, why: str = CANCELLED) -> None:
    """Stop a container for good, and write the reason into its name first: an agent may exit with 0 when stopped.

    :param why: CANCELLED or OVER_DISK.
    """
    with engine_errors():
        try:
            if not _has_reason(client, container_id):
                name = str(client.api.inspect_container(container_id)["Name"]).lstrip("/")
                client.api.rename(container_id, name + why)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            # 409: it is being removed. Else another process (a trigger, `integrate`) may have named it in between.
            if error.status_code != 409 and not _has_reason(client, container_id):
                raise
    stop(client, container_id, grace)


def _has_reason(client: docker.DockerClient, container_id: str) -> bool:
    """Say whether a container's name already holds the reason for its stop."""
    return str(client.api.inspect_container(container_id)["Name"]).endswith((CANCELLED, OVER_DISK))


def volume_of(client: docker.DockerClient, container_id: str) -> str | None:
    """Return the name of the volume that holds a container's workspace, or None."""
    with engine_errors():
        mounts = client.api.inspect_container(container_id)["Mounts"]
    return next((str(m["Name"]) for m in mounts if m["Destination"] == WORKSPACE and m["Type"] == "volume"), None)


def remove(client: docker.DockerClient, container_id: str, *, keep_volume: bool = False) -> None:
    """Remove a container and, unless told otherwise, its workspace. Missing is fine; running is killed first."""
    try:
        volume = volume_of(client, container_id)
    except ContainerGone:
        return
    with engine_errors():
        try:
            client.api.remove_container(container_id, v=True, force=True)
        except docker.errors.APIError as error:
            if not isinstance(error, docker.errors.NotFound) and "already in progress" not in str(error):
                raise
        if volume and not keep_volume:
            _drop_volume(client, volume)


def _drop_volume(client: docker.DockerClient, volume: str) -> None:
    """Remove a workspace volume; one that another container still uses is removed with that one."""
    try:
        client.api.remove_volume(volume)
    except docker.errors.APIError as error:
        if error.status_code not in {404, 409}:
            raise


def image_digest(client: docker.DockerClient, image: str) -> str:
    """Return the id of the image that a name means on this engine.

    :raises ImageMissing: the engine has none of that name.
    """
    with engine_errors():
        try:
            return str(client.api.inspect_image(image)["Id"])
        except docker.errors.ImageNotFound as error:
            raise docker.errors.ImageNotFound(f"No such image: {image}") from error
