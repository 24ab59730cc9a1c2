"""End the processes of a dead owner: run beside the components and kill them once its pipe is closed.

Started as `python guard.py SECONDS` with a pipe as standard input. Each line is `+<pid> <begun>` or `-<pid> <begun>`:
the leader of a component's session, and when it began, by which a stranger with its number is told apart. End of file
means that the owner is gone, however it went; `kill -9` closes a pipe too.
Imports nothing but the standard library: it must be up before the first component.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

GONE = "-"  # said of a process that is no more


def _stat(pid: int | str) -> list[str]:
    """Return what the system says of a process, from its state on; nothing where there is none."""
    try:
        # pid (comm) state ppid pgrp session ... (proc(5)); comm may hold blanks and brackets
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def begun(pid: int) -> str:
    """Return when a process began, in clock ticks after the machine; GONE where there is none."""
    return (_stat(pid) or [GONE] * 20)[19]


def members(sessions: Collection[int]) -> dict[int, int]:
    """Return the session of each living process of these sessions, by process id."""
    by_pid = {}
    for entry in Path("/proc").iterdir():
        fields = _stat(entry.name) if entry.name.isdigit() else []
        if fields and int(fields[3]) in sessions and fields[0] != "Z":
            by_pid[int(entry.name)] = int(fields[3])
    return by_pid


def send(pids: Collection[int], number: int) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def end(sessions: Collection[int], grace: float) -> bool:
    """Send SIGTERM to the leaders, who end their own children in order, and to every process without a leader.

    SIGKILL for what lives after `grace` seconds. A session that is seen to be over is looked at no more: the system may
    give its number to a stranger.

    Return whether all ended without SIGKILL.
    """
    living = members(sessions)
    send([pid for pid, session in living.items() if pid == session or session not in living], signal.SIGTERM)
    deadline = time.monotonic() + grace
    while living and time.monotonic() < deadline:
        time.sleep(0.1)
        living = members(set(living.values()))
    clean = not living
    while living:  # a process may fork meanwhile
        send(living, signal.SIGKILL)
        time.sleep(0.05)
        living = members(set(living.values()))
    return clean


def main() -> None:
    """Remember sessions until the pipe closes, then end them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions: dict[int, str] = {}  # and when the leader of each began
    for line in sys.stdin:
        session, at = line[1:].split()
        if line[0] == "+":
            sessions[int(session)] = at
        else:
            sessions.pop(int(session), None)
    end([session for session, at in sessions.items() if begun(session) in (GONE, at)], float(sys.argv[1]))


if __name__ == "__main__":
    main()
