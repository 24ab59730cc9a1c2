"""Make the stack's settings (`.env`) and secrets on first use, and keep them from then on. No secret has a default."""

from __future__ import annotations

import base64
import os
import re
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from provision.common import TOP, ProvisionError, say

SETTINGS = TOP / ".env"
SECRETS_OF_STACK = "stack"  # under .phaseplan, unless the settings say otherwise
PORT = 8080
_UID = 50000  # of the images' user where root runs the stack
_HEAD = (
    "# Settings of the stack (docs/stack.md), made by `make stack`; edit, then run that again. Secrets are not here:\n"
    "# they are files under PHASEPLAN_SECRETS. What this machine decides, `make stack` corrects here.\n"
)
_LINE = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
_LOCAL = re.compile(r"^(?:file:|[./~]|[A-Za-z]:\\|[^:]*$)")  # what a container cannot reach


def _token() -> str:
    return secrets.token_urlsafe(48)


#: Every secret, and how it is made; those of the repository's host are the person's, so their files start empty.
SECRETS: dict[str, Callable[[], str]] = {
    "fernet_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "jwt_secret": _token,
    "api_secret": _token,
    "database_password": _token,
    "broker_password": _token,
    "admin_password": lambda: secrets.token_urlsafe(18),
    "git_credentials": str,
    "git_ssh_key": str,
    "git_known_hosts": str,
}


def owner() -> int:
    """Uid of who owns the secrets and runs the services: the caller, but never root."""
    return os.geteuid() or _UID


def read(file: Path) -> dict[str, str]:
    """Read the settings in a file; empty if there is none."""
    return dict(_LINE.findall(file.read_text())) if file.is_file() else {}


def ensure_settings(file: Path = SETTINGS) -> dict[str, str]:
    """Make the file where there is none, add what it lacks, and correct what this machine decides."""
    there = read(file)
    engine = _socket()
    machine = {"PHASEPLAN_DOCKER_SOCKET": str(engine), "PHASEPLAN_DOCKER_GROUP": str(engine.stat().st_gid)}
    fresh: dict[str, Callable[[], str]] = {
        "COMPOSE_PROJECT_NAME": lambda: "phaseplan",
        "PHASEPLAN_PORT": lambda: str(_port()),
        "PHASEPLAN_REPOSITORY": lambda: os.environ.get("AIRFLOW__PHASEPLAN__REPOSITORY", ""),
        "PHASEPLAN_PLANS": lambda: "./include/plans",
        "PHASEPLAN_SECRETS": lambda: f"./.phaseplan/{SECRETS_OF_STACK}",
        "PHASEPLAN_AIRFLOW_IMAGE": lambda: "phaseplan/airflow:1",
        "PHASEPLAN_POSTGRES_IMAGE": lambda: "phaseplan/postgres:1",
        "PHASEPLAN_BROKER_IMAGE": lambda: "phaseplan/broker:1",
    }
    wanted = {**there, **{key: make() for key, make in fresh.items() if key not in there}, **machine}
    repository = wanted["PHASEPLAN_REPOSITORY"]
    if repository and _LOCAL.match(repository):
        raise ProvisionError(
            f"PHASEPLAN_REPOSITORY in {file} is {repository!r}, a folder of this machine: the stack's services cannot "
            "see it. Name a remote: https://..., ssh://..., git@host:path"
        )
    if wanted != there:
        text = file.read_text() if file.is_file() else _HEAD
        text = _LINE.sub(lambda line: f"{line[1]}={wanted[line[1]]}", text)
        added = "".join(f"{key}={value}\n" for key, value in wanted.items() if key not in there)
        file.write_text(text + ("" if text.endswith("\n") else "\n") + added)
        say(f"wrote the stack's settings: {file}")
    return wanted


def ensure_secrets(folder: Path) -> None:
    """Make every secret that is not there; only their owner can read them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [name for name, make in SECRETS.items() if _create(folder / name, make)]
    for path in (folder, *(folder / name for name in SECRETS)):
        path.chmod(0o700 if path == folder else 0o600)
        if os.geteuid() == 0:
            os.chown(path, _UID, _UID)
    if made:
        say(f"made secrets in {folder}: {', '.join(made)}")


def remove_secrets(folder: Path) -> None:
    """Remove the secrets, and their folder where nothing else is in it."""
    for name in SECRETS:
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _create(path: Path, make: Callable[[], str]) -> bool:
    """Whole or not at all: what a killed first use leaves is no secret."""
    if path.exists():
        return False
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(make())
    draft.rename(path)
    return True


def _socket() -> Path:
    """Return the engine's socket on this machine.

    :raises ProvisionError: the engine is elsewhere.
    """
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        raise ProvisionError(f"DOCKER_HOST is {host}: the stack mounts the engine's socket, so it runs where that is")
    return Path(host.removeprefix("unix://"))


def _port() -> int:
    """Return the usual port, or a free one if it is in use."""
    for port in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
            except OSError:
                continue
    raise ProvisionError("no free port on 127.0.0.1")
