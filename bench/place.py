"""Provide the sample repository in a temporary folder, and the command line on it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from phaseplan.cli.local_airflow.api import ApiError
from provision.common import TOP

Status = dict[str, Any]  # `status --json`
PLANS = TOP / "include/plans"


def status_in(repository: Path, phase: int) -> Status:
    """Return what `status --json` says of a phase in a target repository."""
    words = ["status", str(phase), "--json", "--repository", str(repository)]
    command = [sys.executable, "-m", "phaseplan.cli.main", *words]
    return dict(json.loads(subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout))


@dataclass(frozen=True)
class Place:
    """One target repository, and runs on it."""

    folder: Path

    @classmethod
    def make(cls, folder: str) -> Place:
        """Make a new one."""
        made = cls(Path(folder))
        create = [sys.executable, str(TOP / "samples/create.py"), "kcp-lite", str(made.repository)]
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL)
        return made

    @property
    def repository(self) -> Path:
        """Return the bare repository."""
        return self.folder / "repository.git"

    def run(self, files: Sequence[Path], *more: str) -> float:
        """Run `./phaseplan run`; return the seconds that the whole command took."""
        command = [sys.executable, "-m", "phaseplan.cli.main", "run", *map(str, files), *more]
        home = self.folder / f"home-{time.monotonic_ns()}"
        command += ["--repository", str(self.repository), "--home", str(home)]
        begun = time.monotonic()
        done = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit((done.stdout + done.stderr)[-4000:])
        return time.monotonic() - begun

    def status(self, phase: int) -> Status:
        """Read the status from the ledger."""
        return status_in(self.repository, phase)


def at(moment: str) -> float:
    """Convert a time of the ledger to seconds."""
    return datetime.fromisoformat(moment).timestamp()


def processor(process: psutil.Process) -> float:
    """Return the seconds of processor of a process and of all below it, also of those that have ended."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.Error:  # it ended just now; its parent has its time
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def until(ask: Callable[[], bool], seconds: float = 600.0) -> None:
    """Ask an Airflow that may be busy, or starting, until the answer is yes.

    :raises SystemExit: the time is over.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ask():
                return
        except ApiError as error:
            if error.status not in (0, 404, 409, 500, 503):
                raise
        time.sleep(1)
    raise SystemExit("Airflow did not get there in time")
