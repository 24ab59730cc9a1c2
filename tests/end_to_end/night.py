"""What a run left, and how the tests look at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provision.common import TOP
from tests.database import keep, lend

PHASES = (1, 5, 6, 90, 93, 94, 95, 96, 97, 98)  # those that open


@dataclass(frozen=True)
class Begun:
    """A container that the engine has started."""

    phase: int
    branch: str
    attempt: int
    role: str
    claim: str


@dataclass(frozen=True)
class Night:
    """What `./phaseplan run` said and left: copies, so that nothing that happens later changes them."""

    state: Path  # Phaseplan's own
    logs: Path  # of Airflow's tasks
    code: int
    output: str
    repositories: dict[int, Path]
    begun: tuple[Begun, ...]  # containers of the gallery
    notes: dict[str, str]  # of runs, by DAG
    cached: dict[str, Any] = field(default_factory=dict)

    def status(self, phase: int) -> dict[str, Any]:
        """`./phaseplan status PHASE --json`."""
        if f"status {phase}" not in self.cached:
            out = phaseplan(["status", str(phase), "--json", "--repository", str(self.repositories[phase])], self.state)
            self.cached[f"status {phase}"] = json.loads(out.stdout)
        return dict(self.cached[f"status {phase}"])

    def git(self, phase: int, *args: str) -> str:
        """git in the target repository of a phase."""
        return git(self.repositories[phase], *args)

    def show(self, phase: int, path: str) -> str:
        """A file of the integration branch."""
        return self.git(phase, "show", f"integration/phase-{phase}:{path}")

    def files(self, phase: int, where: str = "") -> set[str]:
        """Paths of a commit; the integration branch where none is named."""
        return set(self.git(phase, "ls-tree", "-r", "--name-only", where or f"integration/phase-{phase}").split())

    def ledger(self, phase: int) -> dict[str, Any]:
        """`ledger.json`."""
        return dict(json.loads(self.git(phase, "show", f"refs/phaseplan/phase-{phase}/ledger:ledger.json")))

    def verdict(self, phase: int, branch: str, number: str) -> dict[str, Any]:
        """One verdict; `number` is `<attempt>.<gating>`."""
        ref = f"refs/phaseplan/phase-{phase}/results/{branch}/{number}"
        return dict(json.loads(self.git(phase, "show", f"{ref}:verdict.json")))

    def refs(self, phase: int, branch: str) -> set[str]:
        """Every ref of one branch: `started/1`, `attempts/1`, `results/1.1`, and its public names."""
        root, stem = f"refs/phaseplan/phase-{phase}/", self.name(phase, branch)
        names = self.git(phase, "for-each-ref", "--format=%(refname)").split()
        ours = {
            n.removeprefix(root).replace(f"/{branch}/", "/") for n in names if n.startswith(root) and f"/{branch}/" in n
        }
        return ours | {n.removeprefix("refs/heads/") for n in names if n.startswith(f"refs/heads/{stem}")}

    def name(self, phase: int, branch: str) -> str:
        """The git name that the pinned plan gives a branch."""
        plan = json.loads(self.git(phase, "show", f"refs/phaseplan/phase-{phase}/ledger:plan.json"))
        found = [b for w in plan["plan"]["waves"] for b in w["branches"] if b["id"] == branch]
        return str(found[0]["branch"])

    def lines(self, phase: int, name: str) -> list[str]:
        """`status` or `blockers`: lines of the ledger, which the mirror file must hold too."""
        held = self.git(phase, "show", f"refs/phaseplan/phase-{phase}/ledger:{name}.log").splitlines()
        mirror = (self.state / f"logs/phase-{phase}/{name}.log").read_text().splitlines()
        assert set(held) <= set(mirror), f"{name}.log of phase {phase}: {set(held) - set(mirror)} is not in the mirror"
        return held

    def log(self, phase: int, task: str) -> str:
        """All tries of a task's log, the messages only."""
        found = self._tries(phase, task)
        assert found, f"no log of {task} in phase {phase}"
        return "\n".join(_message(line) for path in found for line in path.read_text(errors="replace").splitlines())

    def tries(self, phase: int, task: str) -> list[str]:
        """The log of each Airflow try of a task, without what its triggers said."""
        own = [path for path in self._tries(phase, task) if path.suffixes == [".log"]]
        return ["\n".join(map(_message, path.read_text(errors="replace").splitlines())) for path in own]

    def agents(self, phase: int, branch: str) -> list[int]:
        """Attempts of a branch that an agent's container was started for."""
        return [b.attempt for b in self.begun if (b.phase, b.branch, b.role) == (phase, branch, "agent")]

    def gates(self, phase: int, branch: str) -> int:
        """How many gate containers were started under this name."""
        return len([b for b in self.begun if (b.phase, b.branch, b.role) == (phase, branch, "gate")])

    def _tries(self, phase: int, task: str) -> list[Path]:
        return sorted(self.logs.glob(f"dag_id=phase_{phase:02d}/run_id=*/task_id={task}/attempt=*.log"))

    def leftovers(self) -> list[str]:
        """Containers and volumes of these runs on the engine."""
        out: list[str] = []
        for phase in PHASES:
            for kind in (["ps", "-aq"], ["volume", "ls", "-q"]):
                out += docker(*kind, "--filter", f"label=phaseplan.ledger={self.ledger(phase)['id']}").split()
        return out


def phaseplan(args: list[str], state: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """`./phaseplan` in a process of its own, with its state where the test wants it."""
    process = started(args, state, **extra)
    out, err = process.communicate()
    keep(state)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def started(args: list[str], state: Path, **extra: str) -> subprocess.Popen[str]:
    """`./phaseplan`, not waited for."""
    lend(state)
    return subprocess.Popen(
        [sys.executable, "-m", "phaseplan.cli.main", *args],
        cwd=TOP,
        env={**os.environ, "AIRFLOW__PHASEPLAN__STATE": str(state), "AIRFLOW__PHASEPLAN__RETRY_DELAY": "1", **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def docker(*args: str) -> str:
    """The docker client."""
    return subprocess.run(["docker", *args], check=True, capture_output=True, text=True).stdout


def git(repository: Path, *args: str) -> str:
    """git in a repository, as somebody with a name."""
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    command = ["git", *who, "-C", str(repository), *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def bare(target: Path, content: Path) -> None:
    """A bare repository with one commit that holds a folder's files."""
    target.mkdir(parents=True)
    git(target, "init", "-q", "--bare", "-b", "main")
    git(target, f"--work-tree={content}", "add", "--all")
    git(target, f"--work-tree={content}", "commit", "-q", "-m", "base")
    (target / "index").unlink()


def _message(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return line
    detail = "".join(f"\n{e.get('exc_type')}: {e.get('exc_value')}" for e in said.get("error_detail") or [])
    why = f" {said['reason']}" if said.get("reason") else ""  # a skip says it in a field of its own
    return f"{said.get('event', '')}{why}{detail}"
