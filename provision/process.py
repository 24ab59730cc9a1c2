"""Identify processes we started, told apart from later ones that happen to get the same number."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType


@dataclass(frozen=True)
class Process:
    """A process by number and by its start, in clock ticks since boot: a reused number is not the same process."""

    pid: int
    born: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """Return the process of that number, or None when there is none (a zombie counts as none)."""
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields and fields[0] != "Z" else None

    def alive(self) -> bool:
        """Say whether this very process still runs."""
        return Process.of(self.pid) == self

    def children(self) -> tuple[Process, ...]:
        """List the processes whose parent this is, now."""
        numbers = (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit())
        own = (pid for pid in numbers if (fields := _stat(pid)) and int(fields[1]) == self.pid)
        return tuple(p for pid in own if (p := Process.of(pid)))

    def stop(self, grace: float) -> None:
        """Ask it to end, wait up to `grace` seconds, then end it."""
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
            if not self.alive():
                return
            os.kill(self.pid, number)
            self.wait(seconds)

    def wait(self, seconds: float) -> None:
        """Wait for its end, at most so many seconds; reaps it if it is our child."""
        until = time.monotonic() + seconds
        while self.alive() and time.monotonic() < until:
            time.sleep(0.05)
        with contextlib.suppress(ChildProcessError):  # the child of another process: its parent reaps it
            os.waitpid(self.pid, os.WNOHANG)


def attend(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Run a command in the foreground and outlive it: signals are its business, cleaning up afterwards is ours.

    :param env: variables it gets besides ours.
    :returns: its exit code, as a shell gives it.
    """
    child = subprocess.Popen(command, env={**os.environ, **(env or {})})

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole foreground group by itself
    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGHUP, forward)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _stat(pid: int) -> list[str]:
    """Read the fields of /proc/PID/stat after the name: state, parent, ... start is number 19. Empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
