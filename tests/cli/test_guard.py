"""Nothing outlives its owner, however the owner goes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from phaseplan.cli.local_airflow import guard

OWNER = """
import runpy, subprocess, sys, time
begun = runpy.run_path(sys.argv[1])["begun"]
guard = subprocess.Popen([sys.executable, sys.argv[1], "0.5"], stdin=subprocess.PIPE, start_new_session=True)
child = subprocess.Popen(["sh", "-c", sys.argv[2]], start_new_session=True)
guard.stdin.write(f"+{child.pid} {begun(child.pid)}\\n".encode()); guard.stdin.flush()
print(child.pid, flush=True)
time.sleep(60)
"""
STUBBORN = "trap '' TERM; sleep 60 & sleep 60 & wait"


def gone(session: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while guard.members({session}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not guard.members({session})


def test_kill_9_of_the_owner_ends_children_that_ignore_signals() -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, guard.__file__, STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    )
    assert owner.stdout is not None
    with owner.stdout as said:
        session = int(said.readline())
    time.sleep(0.3)  # until the shell has set its trap and has children
    assert len(guard.members({session})) == 3
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert gone(session, 5)


def test_end_sends_sigterm_before_sigkill(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    script = f"trap 'touch {mark}; exit 0' TERM; echo ready; while :; do sleep 0.1; done"
    child = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    with child.stdout as said:
        said.readline()
        ended = guard.end({child.pid}, 5)
    assert ended
    child.wait()
    assert mark.exists()


def test_end_without_processes_does_nothing() -> None:
    assert guard.end(set(), 5)
