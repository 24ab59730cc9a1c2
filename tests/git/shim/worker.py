"""A worker that carries out a run at the git level, from wherever a dead one left it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from phaseplan.ledger.records import Token
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from tests.git.lab import Lab, LocalBench, plan_of

SMALL: tuple[Mapping[str, Sequence[str]], ...] = ({"1": [], "2": ["1"], "3": []},)
#: Phase 5's shape: ten branches in three waves.
FULL: tuple[Mapping[str, Sequence[str]], ...] = (
    {"1": [], "2": [], "3": [], "4": []},
    {"5": ["1"], "6": ["1", "2"], "7": []},
    {"8": ["5", "6"], "9": ["7"], "10": []},
)
FAILS = "3"  # nobody needs it


def plan(shape: str) -> PhasePlan:
    """The plan of a run: `small` or `full`."""
    waves = FULL if shape == "full" else SMALL
    return plan_of(*waves, validate=[["test -f base", f"test -f own/{next(iter(wave))}"] for wave in waves])


def stages(plan: PhasePlan) -> list[str]:
    """The tasks of a run, in an order that keeps to the dependencies."""
    found = ["open"]
    for wave in plan.waves:
        found += [f"build {b.id}" for b in wave.branches] + [f"integrate {wave.wave}"]
    return [*found, "close"]


class Worker(Lab):
    """A lab on a target that exists, with a private repository as every task has one."""

    def __init__(self, target: Path, repo: GitRepo) -> None:
        self.url, self.target, self.repo = target, GitRepo(target), repo
        self.remote, self.bench = Remote(str(target)), LocalBench()


@contextmanager
def worker(target: Path, state: Path) -> Iterator[Worker]:
    """A worker as one task has it: from the cache under `state` to a private repository."""
    with Remote(str(target)).private(state=state) as repo:
        yield Worker(target, repo)


def carry_out(target: Path, state: Path, shape: str, token: Token | None, wanted: Sequence[str]) -> Token:
    """Do some tasks of a run one after another; a task that was done already changes nothing."""
    for stage in wanted:
        with worker(target, state) as lab:
            token = step(lab, plan(shape), token, stage)
    assert token is not None
    return token


def step(lab: Lab, plan: PhasePlan, token: Token | None, stage: str) -> Token:
    """One task."""
    word, _, what = stage.partition(" ")
    if token is None or word == "open":
        return lab.open(plan)
    if word == "build":
        outcome = "failed" if what == FAILS else "passed"
        lab.build(token, what, {f"own/{what}": f"{what}\n"}, outcome=outcome, reason="its gate says no")
    elif word == "integrate":
        lab.integrate(token, int(what))
    else:
        lab.close(token)
    return token


def main(environment: Mapping[str, str], target: str, state: str, shape: str, token: str, *wanted: str) -> None:
    """Do tasks in a process of their own.

    :param token: as JSON; empty where the first task is `open`.
    """
    os.environ.update(environment)
    Path(environment["TMPDIR"]).mkdir(exist_ok=True)
    tempfile.tempdir = None  # the server that this process is from may have asked before
    known = Token.model_validate_json(token) if token else None
    carry_out(Path(target), Path(state), shape, known, wanted)


if __name__ == "__main__":
    main({"TMPDIR": tempfile.gettempdir()}, *sys.argv[1:])
