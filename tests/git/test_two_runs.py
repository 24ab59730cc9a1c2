"""Two runs of one phase at once, interleaved at every call of git: only the newest moves what is decided (I13)."""

from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from phaseplan.errors import Stale
from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import publish_name
from phaseplan.ledger.write import Snapshot, read
from phaseplan.merging.reconcile import derived
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo, Result
from tests.git.lab import PHASE, Lab, plan_of

SEEDS = range(int(os.environ.get("PHASEPLAN_INTERLEAVINGS", "4")))
RUNS = ("run-1", "run-2")


class Turns:
    """Lets one of several threads go on at a time; a seed says which."""

    def __init__(self, names: tuple[str, ...], seed: int) -> None:
        self._alive, self._dice, self._changed = list(names), random.Random(seed), threading.Condition()
        self._turn = self._dice.choice(self._alive)

    def take(self, name: str) -> None:
        """Pass the turn on, and wait for the next one of our own."""
        with self._changed:
            if self._turn == name:
                self._give()
            assert self._changed.wait_for(lambda: self._turn == name, timeout=120)

    def begin(self, name: str) -> None:
        """Wait for the first turn."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._turn == name, timeout=120)

    def leave(self, name: str) -> None:
        """Take part no longer."""
        with self._changed:
            self._alive.remove(name)
            self._give()

    def _give(self) -> None:
        self._turn = self._dice.choice(self._alive) if self._alive else ""
        self._changed.notify_all()


class Watched(GitRepo):
    """A worker's repository whose every call waits for its turn, and whose pushes are looked at."""

    turns: Turns
    name: str
    pushed: Callable[[str, Snapshot, Snapshot], None]
    looker: GitRepo
    remote: Remote

    def run(self, *args: str, **kwargs: object) -> Result:
        self.turns.take(self.name)
        if "push" not in args:
            return super().run(*args, **kwargs)
        before = read(self.looker, self.remote, PHASE)
        said = super().run(*args, **kwargs)
        self.pushed(self.name, before, read(self.looker, self.remote, PHASE))
        return said


def moved(before: Snapshot, after: Snapshot) -> dict[str, str | None]:
    """What a push moved of what a run decides, with the new values; public names are looked at in the end."""
    ref = refs.integration(PHASE)
    old, new = ({ref: s.heads.get(ref), refs.ledger(PHASE): s.opened.commit} for s in (before, after))
    return {ref: new[ref] for ref in old if old[ref] != new[ref]}


def check_push(run: str, before: Snapshot, after: Snapshot) -> None:
    """Whoever does not hold the ledger moves neither it nor integration, unless to what the ledger says already."""
    held_by = before.ledger.run.id if before.ledger and before.ledger.run else None
    now_held_by = after.ledger.run.id if after.ledger and after.ledger.run else None
    if run in (held_by, now_held_by):
        return
    said = {move.ref: move.new for move in derived(before)}
    for ref, new in moved(before, after).items():
        assert ref in said and said[ref] == new, f"{run} moved {ref} to {new} while {held_by} holds the ledger"


def carry_out(lab: Lab, plan: PhasePlan, run: str, done: dict[str, object]) -> None:
    """A whole run; where it ends is what it came to."""
    try:
        token = lab.open(plan, run)
        for branch in plan:
            lab.build(token, branch.id, {f"own/{branch.id}": f"{branch.id}\n"})
        lab.integrate(token, 1)
        done[run] = lab.close(token).ok
    except Exception as error:
        done[run] = error


def together(lab: Lab, folder: Path, plan: PhasePlan, seed: int) -> tuple[Mapping[str, object], list[str]]:
    """Both runs, one git call at a time."""
    turns, done, wrong = Turns(RUNS, seed), dict[str, object](), list[str]()

    def look(run: str, before: Snapshot, after: Snapshot) -> None:
        try:
            check_push(run, before, after)
        except AssertionError as error:
            wrong.append(str(error))

    def one(run: str) -> None:
        mine = lab.another_worker(folder / f"{run}.git")
        repo = Watched(mine.repo.path)
        repo.turns, repo.name, repo.pushed, repo.remote = turns, run, look, lab.remote
        repo.looker = GitRepo.init(folder / f"{run}-looker.git")
        mine.repo = repo
        turns.begin(run)
        carry_out(mine, plan, run, done)
        turns.leave(run)

    threads = [threading.Thread(target=one, args=(run,)) for run in RUNS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, wrong


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_newest_opening_moves_what_is_decided(seed: int, tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    plan = plan_of({"1": [], "2": []}, validate=[["true"]])
    done, wrong = together(lab, tmp_path, plan, seed)
    assert wrong == [], f"seed {seed}"
    snapshot = lab.read()
    assert snapshot.ledger and snapshot.ledger.run
    last = snapshot.ledger.run.id
    assert isinstance(done[last], bool), f"seed {seed}: the run that holds the ledger was stopped: {done[last]!r}"
    other = next(run for run in RUNS if run != last)
    assert done[other] is True or isinstance(done[other], Stale), f"seed {seed}: {done[other]!r}"
    assert derived(snapshot) == [], f"seed {seed}"
    _epochs_only_rise(lab, snapshot)


def _epochs_only_rise(lab: Lab, snapshot: Snapshot) -> None:
    chain = lab.repo.run("rev-list", "--first-parent", "--reverse", snapshot.opened.commit or "").out.split()
    texts = [lab.repo.run("show", f"{sha}:ledger.json", ok=(0, 128)).out for sha in chain]
    runs = [_run(text) for text in texts if text]
    assert all(older[0] <= newer[0] for older, newer in pairwise(runs))
    assert len({epoch for epoch, _ in runs}) == len(set(runs)), "one epoch is one run's"


def _run(text: str) -> tuple[int, str]:
    run = json.loads(text)["run"]
    return run["epoch"], run["id"]


def test_an_attempt_that_was_overtaken_does_not_take_the_name(lab: Lab) -> None:
    plan = plan_of({"1": []})
    first = lab.build(lab.open(plan), "1", {"one": "1\n"})
    second = lab.build(lab.open(plan, "run-2"), "1", {"one": "2\n"})
    before = lab.refs()
    assert before["refs/heads/feature/b1-v2"] == second.commit and "refs/heads/feature/b1" not in before
    with pytest.raises(Stale, match="1: attempt 1 passed, and no longer counts"):
        publish_name(lab.repo, lab.remote, plan.by_id["1"], first)
    assert lab.refs() == before


def test_a_name_given_at_the_same_time_as_a_newer_one_is_withdrawn(lab: Lab) -> None:
    plan = plan_of({"1": []})
    first = lab.build(lab.open(plan), "1", {"one": "1\n"})
    lab.build(lab.open(plan, "run-2"), "1", {"one": "2\n"})
    wanted = lab.refs()
    lab.push("refs/heads/feature/b1", first.commit)  # its push was on the way when the second result arrived
    with pytest.raises(Stale):
        publish_name(lab.repo, lab.remote, plan.by_id["1"], first)
    assert lab.refs() == wanted
