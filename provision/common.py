"""Define what every provisioning step needs: places, messages, installing, hashing."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]  # the checkout
STATE = TOP / ".phaseplan" / "provision"
_NOISE = {"__pycache__", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


class ProvisionError(Exception):
    """This machine lacks something; the message says what, and what to do about it."""


def say(text: str) -> None:
    """Tell the person what is being done; on stderr, since stdout may be a result."""
    print(f"[provision] {text}", file=sys.stderr, flush=True)


def finish(main: Callable[[list[str]], int]) -> None:
    """Run a step as a program: exit code 2 and one readable message when the machine is at fault."""
    try:
        sys.exit(main(sys.argv[1:]))
    except ProvisionError as fault:
        print(f"[provision] {fault}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def run(*command: str, quiet: bool = False, env: dict[str, str] | None = None) -> None:
    """Run a command that has to succeed; with `quiet` its output shows only when it fails."""
    pipe = subprocess.PIPE if quiet else None
    done = subprocess.run(command, stdout=pipe, stderr=subprocess.STDOUT if quiet else None, text=True, env=env)
    if done.returncode:
        printed = "\n".join((done.stdout or "").splitlines()[-30:])
        raise ProvisionError(f"`{' '.join(command)}` failed with exit code {done.returncode}\n{printed}".rstrip())


def output(*command: str, timeout: float = 30) -> str | None:
    """Return what a command prints, or None when it is missing, fails, or takes longer than `timeout` seconds."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def can_install() -> bool:
    """Say whether we may install the distribution's packages: root on Debian, Ubuntu or a child of theirs."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str, why: str) -> None:
    """Install distribution packages, without what they merely recommend.

    :raises ProvisionError: not root, or no apt: names the command to run by hand.
    """
    by_hand = f"sudo apt-get install {' '.join(packages)}"
    if not can_install():
        raise ProvisionError(f"{why}. Install it and try again; on Debian or Ubuntu: {by_hand}")
    say(f"{why}: installing {', '.join(packages)} from the distribution")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
    run("apt-get", "update", "-qq", quiet=True, env=env)
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, quiet=True, env=env)


def known_package(name: str) -> bool:
    """Say whether the distribution has a package of that name (by the lists already fetched)."""
    return bool(output("apt-cache", "madison", name))


def digest(paths: Iterable[Path], *words: str) -> str:
    """Hex digest of files (folders: all below) by relative path, executable bit and content, and of `words`."""
    total = hashlib.sha256("\0".join(words).encode())
    for root in paths:
        for path in [root] if root.is_file() else sorted(_files(root)):
            mode = "l" if path.is_symlink() else "x" if os.access(path, os.X_OK) else "-"
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            name = path.relative_to(root.parent).as_posix()
            total.update(f"\0{name}\0{mode}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if not _NOISE.intersection(path.relative_to(folder).parts) and (path.is_symlink() or path.is_file()):
            yield path


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time do the step called `name`; others wait for it."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
