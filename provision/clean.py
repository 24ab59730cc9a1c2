"""Back to a bare checkout: what Phaseplan left on the engine, then everything made inside the checkout.

python3 -m provision.clean
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from provision.common import TOP, finish, output, say
from provision.dockerd import ping
from provision.engine import SOCKET, Engine
from provision.stack_settings import SECRETS_OF_STACK, SETTINGS

_LABEL = "phaseplan.ledger"  # on every container and volume of a run
_MADE = (".venv", ".phaseplan", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")


def sweep() -> None:
    """Remove what runs left on the engine. What still runs or is in use stays: it may be another checkout's."""
    running = _ids("ps", "-q")
    stopped = [i for i in _ids("ps", "-aq") if i not in running]
    if stopped:
        output("docker", "rm", "-v", *stopped)
    volumes = [v for v in _ids("volume", "ls", "-q") if output("docker", "volume", "rm", v)]
    for network in _ids("network", "ls", "-q"):  # of gateways that are gone
        output("docker", "network", "rm", network)
    if stopped or volumes:
        say(f"removed {len(stopped)} stopped containers and {len(volumes)} unused volumes")
    if running:
        say(f"{len(running)} containers of Phaseplan still run and were left: docker ps --filter label={_LABEL}")


def _clear(state: Path) -> None:
    """Remove all but the secrets of a stack: what its volumes hold is unreadable without them."""
    kept = SECRETS_OF_STACK if SETTINGS.exists() and (state / SECRETS_OF_STACK).exists() else None
    for entry in state.glob("*"):
        if entry.name != kept:
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()
    if kept:
        say("the stack's secrets were left; to remove it: python3 -m provision.stack down --everything")
    elif state.is_dir():
        state.rmdir()


def _ids(*command: str) -> list[str]:
    return (output("docker", *command, "--filter", f"label={_LABEL}") or "").split()


def main(_argv: list[str]) -> int:
    """Sweep the engine if one answers, stop it if it is ours, remove what was made here."""
    host = os.environ.get("DOCKER_HOST", SOCKET)
    if ping(host) is None and shutil.which("docker"):
        sweep()
    Engine(host, TOP / ".phaseplan" / "engine", (), ours_to_start=False).stop()
    for name in _MADE:
        shutil.rmtree(TOP / name, ignore_errors=True) if name != ".phaseplan" else _clear(TOP / name)
    for folder in [f for f in TOP.rglob("__pycache__") if f.is_dir()]:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    finish(main)
