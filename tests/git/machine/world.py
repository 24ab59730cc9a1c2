"""The world of the machine: a real target, workers that may die, gates that may lie once, people that interfere."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from phaseplan.errors import Infrastructure
from phaseplan.ledger.records import Finding
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo
from tests.git.lab import LocalBench, commit_files
from tests.git.machine.truth import Objects

BASE = {
    "f": "one\n-\n-\ntwo\n-\n-\nthree\n",
    "list": "a\nz\n",
    "src/0": "0\n",
    "gen/all": "0\n",
}
MAIN = "refs/heads/main"
VALIDATION = ("test ! -e bad", 'test "$(ls mate 2>/dev/null | wc -l)" -lt 2')
SECOND = "true"  # the second wave asks more, so that who gates for the wrong wave is found out
Content = dict[str, str | None]


class Died(BaseException):
    """The worker is gone."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and at which push or gate run of a step (from 1)."""

    at: int
    kind: Literal["before", "after", "refused", "meanwhile", "engine", "flaky", "meanwhile gate"]
    meanwhile: str = ""  # what another worker does then


@dataclass(frozen=True)
class Work:
    """What one attempt wrote, as the machine knows it."""

    branch: str
    attempt: int
    files: Content
    outcome: str


@dataclass(frozen=True)
class Gate:
    """One run of gate commands; `lied` where a flaky gate said red of a green commit."""

    repo: GitRepo
    commit: str
    commands: tuple[str, ...]
    green: bool
    lied: bool = False


class FaultyRemote(Remote):
    """The target, with one fault at one push."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.fault: Fault | None = None
        self.calls = 0
        self.meanwhile: Callable[[str], object] = lambda what: None

    def push(self, repo: GitRepo, updates: Sequence[Update]) -> bool:
        self.calls += any(u.new != u.old for u in updates)
        fault = self.fault if self.fault and self.fault.at == self.calls else None
        if fault is None:
            return super().push(repo, updates)
        if fault.kind == "meanwhile":
            self.fault = None
            self.meanwhile(fault.meanwhile)
        if fault.kind == "refused":
            raise Infrastructure("the push did not arrive")
        if fault.kind == "before":
            raise Died
        landed = super().push(repo, updates)
        if fault.kind == "after":
            raise Died
        return landed


class Bench(LocalBench):
    """Runs the real commands, once per tree; may find no engine once, or say red once of a green commit."""

    _known: dict[tuple[str, ...], tuple[Finding, ...]] = {}

    def __init__(self, gates: list[Gate]) -> None:
        super().__init__()
        self.gates, self.fault, self.calls = gates, None, 0  # type: list[Gate], Fault | None, int
        self.meanwhile: Callable[[str], object] = lambda what: None

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        self.calls += 1
        fault = self.fault if self.fault and self.fault.at == self.calls else None
        if fault and fault.kind == "engine":
            raise Infrastructure("the engine is gone")
        if fault and fault.kind == "meanwhile gate":
            self.meanwhile(fault.meanwhile)
        key = (repo.line("rev-parse", f"{commit}^{{tree}}"), *commands)
        if key not in self._known:
            self._known[key] = super().run(repo, commit, commands, title=title)
        found = self._known[key]
        lied = bool(fault and fault.kind == "flaky" and not found)
        self.gates.append(Gate(repo, commit, tuple(commands), not found and not lied, lied))
        return (Finding(gate="commands", message="it was not my day"),) if lied else found


@dataclass
class Worker:
    """One machine's private repository, remote and bench."""

    repo: GitRepo
    remote: FaultyRemote
    bench: Bench

    def arm(self, fault: Fault | None) -> None:
        """The next step of this worker meets a fault."""
        self.remote.fault = self.bench.fault = fault
        self.remote.calls = self.bench.calls = 0


@dataclass
class World:
    """A target with `main` and whatever was done to it."""

    folder: Path
    template: Path
    target: GitRepo
    objects: Objects
    gates: list[Gate] = field(default_factory=list)
    works: dict[str, Work] = field(default_factory=dict)  # by commit
    persons: set[str] = field(default_factory=set)  # commits that people pushed
    asked: set[str] = field(default_factory=set)  # branches that people wanted out
    names: dict[str, str] = field(default_factory=dict)  # names that people took
    repairs: dict[str, str] = field(default_factory=dict)  # branch by commit that a person pushed as its next attempt
    tries: Counter[str] = field(default_factory=Counter)  # starts of a branch's task
    workers: int = 0

    @classmethod
    def make(cls, folder: Path, template: Path) -> World:
        shutil.copytree(template, folder / "target.git")
        return cls(folder, template, GitRepo(folder / "target.git"), Objects(folder / "target.git"))

    def worker(self) -> Worker:
        """A new machine: nothing of any other is on it."""
        self.workers += 1
        path = self.folder / f"w{self.workers}.git"
        shutil.copytree(self.template, path)
        return Worker(GitRepo(path), FaultyRemote(str(self.target.path)), Bench(self.gates))

    def copy(self, number: int) -> World:
        """The same target again, for what would have happened elsewhere."""
        folder = self.folder / f"copy{number}"
        folder.mkdir()
        shutil.copytree(self.target.path, folder / "target.git")
        return World(folder, self.template, GitRepo(folder / "target.git"), Objects(folder / "target.git"))

    def commit(self, ref: str, files: Content, parent: str, message: str) -> str:
        """Somebody commits and pushes without asking anybody."""
        made = commit_files(self.target, parent, files, message)
        self.target.run("update-ref", ref, made)
        return made

    def person(self, ref: str, files: Content, parent: str, message: str) -> None:
        """Such a commit on a branch that others build on."""
        self.persons.add(self.commit(ref, files, parent, message))

    def close(self) -> None:
        self.objects.close()


def template(folder: Path) -> Path:
    """A bare repository with `main`, to be copied."""
    repo = GitRepo.init(folder / "template.git")
    repo.run("symbolic-ref", "HEAD", MAIN)
    repo.run("update-ref", MAIN, commit_files(repo, None, BASE, "base"))
    shutil.rmtree(repo.path / "hooks", ignore_errors=True)
    return repo.path


def conflict(world: World, union: Sequence[str], tip: str, head: str) -> tuple[str, ...]:
    """The paths in which git itself says two commits conflict."""
    judge = world.folder / "judge.git"
    if not judge.exists():
        subprocess.run(["git", "init", "-q", "--bare", str(judge)], check=True)
        (judge / "objects" / "info" / "alternates").write_text(f"{world.target.path}/objects\n")
        (judge / "info" / "attributes").write_text("".join(f"/{p} merge=union\n" for p in union))
    said = subprocess.run(
        ["git", "-C", str(judge), "merge-tree", "--write-tree", "--name-only", "--no-messages", tip, head],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode in (0, 1), said.stderr
    return tuple(said.stdout.split("\n")[1:-1]) if said.returncode else ()
