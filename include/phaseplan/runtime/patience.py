"""How long git may take, and how a git that took longer is ended with everything it started."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

from include.phaseplan.errors import Infrastructure

#: Seconds. A first fetch of a large repository may take long; nothing may take for ever.
LIMITS = {"ls-remote": 300.0}
LIMIT = 3600.0
_ELSEWHERE = ("ls-remote", "fetch", "push")


class GitTooSlow(Infrastructure):
    """git did not end in time and was stopped."""

    def __init__(self, verb: str, limit: float) -> None:
        what = (
            "the target repository, or the way to it, does not answer"
            if verb in _ELSEWHERE
            else "the disk may be stuck"
        )
        super().__init__(
            f"git {verb} did not end within {limit:g} s and was stopped: {what}. "
            "Look at that first; the next try goes on from what is there."
        )


def verb_of(args: Sequence[str]) -> str:
    """Find the command among git's own options: `fetch` in `-c http.lowSpeedTime=120 fetch`."""
    rest = iter(args)
    for word in rest:
        if word == "-c":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return "git"


def limit_of(verb: str) -> float:
    """Say how many seconds a command may take."""
    return LIMITS.get(verb, LIMIT)


def wait(process: Any, args: Sequence[str]) -> tuple[int, bytes, bytes]:
    """Wait for a git process; its exit code and what it wrote.

    :raises GitTooSlow: it took longer than it may; it and all it started are gone.
    """
    verb = verb_of(args)
    # A timer, not a timeout of `communicate`: with one, Python waits for the exit code in naps of milliseconds.
    with limited(process.pid, verb) as late:
        out, err = process.communicate()
    if late:
        raise GitTooSlow(verb, limit_of(verb))
    return int(process.returncode), out, err


@contextmanager
def limited(pid: int, verb: str) -> Iterator[list[bool]]:
    """End a git process that takes longer than it may; what is yielded is empty until that has happened."""
    late: list[bool] = []

    def stop() -> None:
        late.append(True)
        end(pid)

    timer = Timer(limit_of(verb), stop)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def end(pid: int) -> None:
    """Kill a process and all that it started: a transport (ssh, a helper) outlives its git and holds its pipes."""
    for each in (pid, *_below(pid)):
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _below(pid: int) -> list[int]:
    """List the descendants of a process, as /proc has them; where there is no /proc, nobody knows them."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):  # it ended in between
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = [], [pid]
    while todo:
        todo += (new := children.get(todo.pop(), []))
        found += new
    return found
