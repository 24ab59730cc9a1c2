"""Limit how long git may take, and end a git that takes longer, with every process it started."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

from phaseplan.errors import Infrastructure
from phaseplan.repository.processes import below
from phaseplan.repository.refusals import RepositoryUnreachable
from phaseplan.repository.stillness import Stillness

#: Seconds. A first fetch of a large repository may take long; nothing may take for ever.
LIMITS = {"ls-remote": 300.0, "push": 1800.0}
LIMIT = 3600.0
#: Seconds in which the other side may write nothing and transfer next to nothing. A server counts silently before it
#: sends; a hook that works longer than this must write something now and then.
STILL = {"ls-remote": 60.0, "fetch": 600.0, "push": 300.0}
#: Environment variable by which all processes are found that one git has started, also those without a parent.
MARK = "PHASEPLAN_GIT"
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")


class GitTooSlow(Infrastructure):
    """git did not end in time and was stopped."""


class TargetSilent(GitTooSlow, RepositoryUnreachable):
    """The target repository could not be read in time."""


def verb_of(args: Sequence[str]) -> str:
    """Find the command among git's own options: `fetch` in `-c http.lowSpeedTime=120 fetch`."""
    arguments = iter(args)
    for argument in arguments:
        if argument == "-c":
            next(arguments, None)
        elif not argument.startswith("-"):
            return argument
    return "git"


def limit_of(verb: str) -> float:
    """Return how many seconds a command may take."""
    return LIMITS.get(verb, LIMIT)


def wait(process: Any, args: Sequence[str], mark: str = "") -> tuple[int, bytes, bytes]:
    """Wait for a git process; return its exit code and its output.

    :param mark: the value of `MARK` in its environment.
    :raises TargetSilent: another repository could not be read in time.
    :raises GitTooSlow: anything else took longer than it may. In both cases it and its children were killed.
    """
    verb = verb_of(args)
    if verb in STILL:
        return _attend(process, verb, args, mark)
    # A timer, not a timeout of `communicate`: with one, Python waits for the exit code in naps of milliseconds.
    with limited(process.pid, verb, mark) as late:
        out, err = process.communicate()
    if late:
        raise too_slow(verb)
    return int(process.returncode), out, err


def _attend(process: Any, verb: str, args: Sequence[str], mark: str) -> tuple[int, bytes, bytes]:
    """Wait for a git that talks to another repository; end it if the other side is silent for too long."""
    stillness = Stillness(process, f"git {verb}: {_target(args)}", STILL[verb], lambda: end(process.pid, mark))
    with limited(process.pid, verb, mark) as late, stillness.watched():
        out, err = stillness.read()
    if late:
        raise _silent(verb, f"did not end within {limit_of(verb):g} s and was stopped", _target(args))
    if stillness.given_up:
        outcome = f"was stopped after {STILL[verb]:g} s without a word or any progress"
        raise _silent(verb, outcome, _target(args))
    return int(process.returncode), out, err


def too_slow(verb: str) -> GitTooSlow:
    """Make the error for a command on this machine that took longer than it may."""
    message = f"git {verb} did not end within {limit_of(verb):g} s and was stopped: the disk may be stuck. "
    return GitTooSlow(message + "Look at that first; the next try goes on from what is there.")


def _silent(verb: str, how: str, target: str) -> GitTooSlow:
    if verb == "push":
        return GitTooSlow(
            f"git push {how}: a hook of {target} may hang, or the way there. Next: push a branch there by hand, and "
            "look at what its hooks (pre-receive, update) wait for; the next try looks at what has arrived."
        )
    return TargetSilent(
        f"git {verb} {how}: the target {target}, or the way to it, does not answer. Next: try `git ls-remote` of it "
        "on this machine; the next try goes on from what is there."
    )


def _target(args: Sequence[str]) -> str:
    """Return the repository that a command talks to, which stands behind `--`."""
    arguments = list(args)
    return (
        _CREDENTIALS.sub("", arguments[arguments.index("--") + 1]) if "--" in arguments[:-1] else "another repository"
    )


@contextmanager
def limited(pid: int, verb: str, mark: str = "") -> Iterator[list[bool]]:
    """End a git process that takes longer than it may; the yielded list is empty until that has happened."""
    late: list[bool] = []

    def stop() -> None:
        late.append(True)
        end(pid, mark)

    timer = Timer(limit_of(verb), stop)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def end(pid: int, mark: str = "") -> None:
    """Kill a process and all that it started: a transport (ssh, a helper) outlives its git and holds its pipes."""
    for each in (pid, *below(pid), *_marked(mark)):
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _marked(mark: str) -> Iterator[int]:
    """Find processes with the mark in their environment: a hook's background process has lost its parent."""
    variable = f"{MARK}={mark}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ") if mark else ():
        try:
            if variable in environ.read_bytes().split(b"\0"):
                yield int(environ.parent.name)
        except OSError:  # it ended in between, or belongs to another user
            continue
