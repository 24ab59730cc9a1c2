"""Measure a branch's task on the git side among 20 branches and among 200: reading, keeping, publishing, naming.

In CPU seconds of this process and every git it starts, those that serve the target included, which a busy machine does
not change. The aim is a ratio of 1.2 until the verdict has its name. Of that, git alone is measured beside it: as many
pushes and listings of the same target from a repository with one commit in it. While the target is not packed, each
of them opens every ref and every commit that a ref names; a server packs by itself.
What comes after the name, a trial merge for each other branch that is under way, grows with the phase.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from phaseplan.ledger import attempt_refs as results
from phaseplan.ledger import refs
from phaseplan.ledger.read import read
from phaseplan.ledger.records import Token, Verdict, now
from phaseplan.merging.predicted_conflicts import warnings_about
from phaseplan.phase.open import open_phase
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import commit, tree_of, write_tree
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

PHASE, FEW, MANY, TIMES = 5, 20, 200, 5
STEPS = ("begins: reads, claims", "resumes: reads", "keeps its work", "publishes, is named")
NAMED = "until it is named"
AFTER = "after that: is compared with the others"
PUSHES, LISTINGS = 4, 5  # of a branch, in `play`
ALONE = f"git alone, {PUSHES} pushes and {LISTINGS} listings"


@dataclass
class Place:
    """A phase in which all branches but some are judged, and one worker after another."""

    folder: Path
    count: int
    spare: int = TIMES  # branches of the plan that are not judged yet
    spent: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.target = GitRepo.init(self.folder / "target.git")
        empty = self.target.run("mktree", stdin=b"").out.strip()
        self.base = commit(self.target, empty, [], "base", 1)
        self.target.run("update-ref", "refs/heads/main", self.base)
        self.remote = Remote(str(self.target.path))
        self.plan = _plan(self.count + self.spare)
        with self.worker() as repo:
            self.token = open_phase(
                self.remote, repo, self.plan, {}, run_id="run", base_name="main", start="dependencies"
            )
        for number in range(self.count):
            self.judged(str(number))
        with self.worker() as repo:
            read(repo, self.remote, PHASE)

    @contextmanager
    def worker(self) -> Iterator[GitRepo]:
        """Start a task with a repository of its own."""
        with self.remote.private(state=self.folder / "state") as repo:
            yield repo

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        began = _cpu()
        yield
        self.spent.setdefault(what, []).append(_cpu() - began)

    def work(self, repo: GitRepo, branch: str) -> str:
        """Make a commit with a file of the branch's own."""
        return commit(repo, write_tree(repo, {f"own-{branch}": b"1\n" * 50}), [self.base], f"Work {branch}", 2)

    def judged(self, branch: str) -> None:
        """Write another branch from its claim to its name into the target itself."""
        repo, verdict = self.target, _verdict(self.token, branch, self.base, self.work(self.target, branch))
        record = json.dumps({"claim": verdict.claim, "run": verdict.run, "time": verdict.finished})
        start = commit(repo, tree_of(repo, self.base), [self.base], f"Start\n\n{record}\n", 2)
        files = {"verdict.json": verdict.model_dump_json().encode(), "status.log": b"", "blockers.log": b""}
        work = str(verdict.commit)
        made = {
            refs.started(PHASE, branch, 1): start,
            refs.attempt(PHASE, branch, 1): work,
            refs.result(PHASE, branch, 1, 1): commit(repo, write_tree(repo, files), [work], "Result", 2),
            f"refs/heads/{verdict.name}": work,
        }
        repo.run("update-ref", "--stdin", stdin="".join(f"create {r} {s}\n" for r, s in made.items()).encode())

    def play(self, branch: str) -> None:
        """Run one branch's task as `attempt` does it around its container, in two processes' repositories."""
        with self.timed(STEPS[0]), self.worker() as repo:
            seen = read(repo, self.remote, PHASE, logs=False)
            seen.not_ready(branch)
            new = results.NewAttempt(PHASE, self.plan.by_id[branch], self.base, "run/0", self.token.run)
            number = results.claim_attempt(repo, self.remote, new, seen)
        with self.worker() as repo:
            with self.timed(STEPS[1]):
                read(repo, self.remote, PHASE, logs=False).record(branch)
            verdict = _verdict(self.token, branch, self.base, self.work(repo, branch))
            with self.timed(STEPS[2]):
                results.keep_attempt(repo, self.remote, PHASE, branch, number, str(verdict.raw))
            with self.timed(STEPS[3]):
                results.publish_result(repo, self.remote, verdict, verdict.commit, kept=verdict.raw)
                after = results.named(repo, self.remote, self.plan.by_id[branch], verdict).snapshot
            with self.timed(AFTER):
                warnings_about(repo, after, self.plan, self.base, branch)

    def pack(self) -> None:
        """Do what `git gc` does, and every server sooner or later."""
        self.target.run("pack-refs", "--all")
        self.target.run("repack", "-a", "-d", "-q")

    def alone(self) -> None:
        """Make the pushes and listings of a branch by git, without us."""
        repo = GitRepo.init(self.folder / "alone.git")
        repo.run("fetch", "--quiet", str(self.target.path), "refs/heads/main")
        for number in range(TIMES):
            made = [commit(repo, tree_of(repo, self.base), [self.base], f"{number} {i}", 2) for i in range(PUSHES)]
            with self.timed(ALONE):
                for i, sha in enumerate(made):
                    lease = f"--force-with-lease=refs/alone/{number}/{i}:"
                    repo.run("push", "--atomic", lease, str(self.target.path), f"{sha}:refs/alone/{number}/{i}")
                for _ in range(LISTINGS):
                    repo.run("ls-remote", str(self.target.path))


def measure() -> dict[str, float]:
    """Measure CPU seconds of the cheapest of five for each part, and the ratios."""
    found: dict[str, float] = {}
    for how in ("as pushes leave it", "packed"):
        few, many = (_among(count, packed=how == "packed") for count in (FEW, MANY))
        for count, times in ((FEW, few), (MANY, many)):
            found |= {f"target {how}, among {count}, {what} s": value for what, value in times.items()}
        until, alone = (tuple(times[what] for times in (few, many)) for what in (NAMED, ALONE))
        found[f"target {how}: {NAMED}, {MANY} over {FEW} (aim <= 1.2)"] = until[1] / until[0]
        found[f"target {how}: {ALONE}, {MANY} over {FEW}"] = alone[1] / alone[0]
        found[f"target {how}: all but git alone, {MANY} over {FEW}"] = (until[1] - alone[1]) / (until[0] - alone[0])
        found[f"target {how}: {AFTER}, {MANY} over {FEW}"] = many[AFTER] / few[AFTER]
    return found


def _among(count: int, *, packed: bool) -> dict[str, float]:
    """Measure what one branch costs among so many."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), count)
        if packed:
            place.pack()
        for number in range(count, count + TIMES):
            place.play(str(number))
        place.alone()
        times = {what: min(times) for what, times in place.spent.items()}
    return {**times, NAMED: sum(times[step] for step in STEPS)}


def _cpu() -> float:
    """Count CPU seconds of this process and of what it has waited for."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _verdict(token: Token, branch: str, base: str, work: str) -> Verdict:
    return Verdict(
        phase=PHASE,
        branch=branch,
        attempt=1,
        run=token.run,
        claim="run/0",
        outcome="passed",
        base=base,
        raw=work,
        commit=work,
        name=f"feature/b{branch}",
        finished=now(),
    )


def _plan(count: int) -> PhasePlan:
    rows = [
        {"id": str(i), "branch": f"feature/b{i}", "title": f"Branch {i}", "owns": [f"own-{i}"]} for i in range(count)
    ]
    return PhasePlan.model_validate({"phase": PHASE, "title": "Growth", "waves": [{"wave": 1, "branches": rows}]})
