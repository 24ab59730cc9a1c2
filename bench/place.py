"""Provide the sample repository in a temporary folder, and the command line on it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

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
