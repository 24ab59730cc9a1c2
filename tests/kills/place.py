"""Where a run is played: a repository that writes down every move of its refs, the plans, and the run's process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from provision.common import TOP
from tests.database import lend

HERE = Path(__file__).parent
NOBODY = "0" * 40
#: How `docker` lists what a run may leave behind.
LISTINGS = {"container": ["ps", "-aq"], "volume": ["volume", "ls", "-q"], "network": ["network", "ls", "-q"]}

#: Git calls this for every transaction on refs; only what has happened is written down.
_HOOK = """#!/bin/sh
[ "$1" = committed ] || exit 0
moved=$(cat)
printf '%s\\n' "$moved" >> '{log}'
"""


@dataclass(frozen=True)
class Move:
    """One ref that was moved in the target repository; `new` is all zeros for a ref that went away."""

    ref: str
    old: str
    new: str


@dataclass(frozen=True)
class Target:
    """A bare target repository and the diary of its refs."""

    path: Path

    @property
    def _log(self) -> Path:
        return self.path / "moves.log"

    def watch(self) -> None:
        """Write down every move of a ref from now on."""
        hook = self.path / "hooks" / "reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_HOOK.format(log=self._log))
        hook.chmod(0o755)

    def moves(self) -> list[Move]:
        """Every move so far, oldest first."""
        lines = self._log.read_text().split("\n") if self._log.exists() else []
        parts = [line.split(" ", 2) for line in lines if line]
        return [Move(ref, old, new) for old, new, ref in parts if ref.startswith("refs/")]

    def git(self, *args: str) -> str:
        """Git in the repository; fails when git does."""
        return subprocess.run(["git", "-C", str(self.path), *args], check=True, capture_output=True, text=True).stdout

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Commit by ref name, now."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def ledger(self, phase: int, commit: str | None = None) -> dict[str, Any] | None:
        """The ledger as it is now or at one of its commits; None: there is none yet."""
        where = commit or f"refs/phaseplan/phase-{phase}/ledger"
        shown = subprocess.run(
            ["git", "-C", str(self.path), "show", f"{where}:ledger.json"], capture_output=True, text=True
        )
        return dict(json.loads(shown.stdout)) if shown.returncode == 0 else None


def bare(path: Path) -> Target:
    """A repository with one commit on `main`."""
    work = path.with_suffix(".work")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-C"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(work)], check=True)
    subprocess.run([*git, str(work), "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(path)], check=True)
    return Target(path)


def plan(folder: Path, phase: int, after: int | None = None) -> Path:
    """The plan of this folder as some phase, which may wait for another one."""
    text = re.sub(r"\b(p?)80", rf"\g<1>{phase}", (HERE / "plan.yaml").read_text())
    file = folder / f"phase-{phase}.yaml"
    file.write_text(text + (f"depends_on: [{after}]\n" if after else ""))
    return file


@dataclass
class Run:
    """One `./phaseplan run` in a process of its own, with all its files in one folder."""

    place: Path
    target: Target
    state: Path
    docker_url: str
    more: Mapping[str, str] = field(default_factory=dict)  # variables of its environment
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def home(self) -> Path:
        """Airflow's home."""
        return self.place / "home"

    @property
    def temporary(self) -> Path:
        """What the run takes for /tmp."""
        return self.place / "tmp"

    @property
    def output(self) -> str:
        """What the command has said so far."""
        return (self.place / "output.log").read_text(errors="replace")

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment of the command."""
        return {
            **os.environ,
            "AIRFLOW__PHASEPLAN__STATE": str(self.state),
            "AIRFLOW__PHASEPLAN__RETRY_DELAY": "1",
            "AIRFLOW__PHASEPLAN__DOCKER_URL": self.docker_url,
            "TMPDIR": str(self.temporary),
            **self.more,
        }

    def start(self, plans: Sequence[Path], agents: Path) -> None:
        """Start the command; it must not wait for us."""
        self.temporary.mkdir(parents=True)
        lend(self.state)
        command = [sys.executable, "-m", "phaseplan.cli.main", "run", *map(str, plans)]
        command += ["--repository", str(self.target.path), "--agents", str(agents), "--home", str(self.home), "--keep"]
        with (self.place / "output.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=TOP, env=dict(self.environment), stdout=log, stderr=subprocess.STDOUT
            )

    def tree(self) -> list[psutil.Process]:
        """Every process that descends from the command: nothing else may ever be killed."""
        try:
            return list(psutil.Process(self.process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return []

    def wait(self, seconds: float) -> int:
        """Exit code; a run that hangs is interrupted the way Ctrl-C does, so that it tidies up."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(90)
            return -1

    def clear(self, phases: Iterable[int]) -> None:
        """Take away what a run that did not end well left on the engine; nothing of anybody else's."""
        docker = ["docker", "-H", self.docker_url]
        for ledger in filter(None, map(self.target.ledger, phases)):
            label = ["--filter", f"label=phaseplan.ledger={ledger['id']}"]
            for kind, removal in (("container", ["rm", "-f", "-v"]), ("volume", ["rm"]), ("network", ["rm"])):
                listing, removal = LISTINGS[kind], [kind, *removal]
                found = subprocess.run([*docker, *listing, *label], capture_output=True, text=True).stdout.split()
                if found:
                    subprocess.run([*docker, *removal, *found], capture_output=True)

    def status(self, phase: int) -> dict[str, Any]:
        """`./phaseplan status PHASE --json`."""
        command = [sys.executable, "-m", "phaseplan.cli.main", "status", str(phase), "--json"]
        said = subprocess.run(
            [*command, "--repository", str(self.target.path)], cwd=TOP, env=dict(self.environment), capture_output=True
        )
        return dict(json.loads(said.stdout))


def now() -> float:
    """Seconds since 1970, as the engine's events count them."""
    return time.time()
