"""Many writers at once: nothing lost, nothing twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path

import pytest

from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import NewAttempt, claim_attempt
from phaseplan.ledger.records import WaveRecord, changed
from phaseplan.ledger.write import Change, Snapshot, update
from phaseplan.repository.objects import read_objects
from phaseplan.repository.remote import ROUNDS, Remote
from phaseplan.repository.repo import GitRepo
from tests.git.lab import PHASE, Lab, plan_of

RACERS = 4
UPDATES = int(os.environ.get("PHASEPLAN_UPDATES", "25"))  # by each; `make soak` takes 250
CLAIMS = 10  # by each

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload([__name__])


def _worker(url: Path, folder: Path) -> tuple[GitRepo, Remote]:
    remote, repo = Remote(str(url)), GitRepo.init(folder)
    remote.fetch(repo, "+refs/heads/main:refs/heads/main")
    return repo, remote


def _line(racer: int, number: int) -> str:
    return f"2026-01-01 09:{number % 60:02} Wave 1 - Agent {racer}: COMPLETED {racer}.{number} x"


def write(url: Path, folder: Path, racer: int) -> list[int]:
    """Move the ledger UPDATES times.

    :return: how often each update had to be tried.
    """
    repo, remote = _worker(url, folder / f"racer-{racer}.git")
    tries = []
    for number in range(UPDATES):
        seen: list[Snapshot] = []
        update(repo, remote, PHASE, partial(_count, seen, _line(racer, number)))
        tries.append(len(seen))
    return tries


def _count(seen: list[Snapshot], line: str, snapshot: Snapshot) -> Change:
    seen.append(snapshot)
    ledger = snapshot.folded()
    one_more = changed(ledger.waves[1], gate_runs=ledger.waves[1].gate_runs + 1)
    return Change(changed(ledger, waves={1: one_more}), (line,))


def claim(url: Path, folder: Path, racer: int) -> list[int]:
    """Claim CLAIMS attempts of one branch."""
    repo, remote = _worker(url, folder / f"claimer-{racer}.git")
    branch, base = plan_of({"1": []}).by_id["1"], repo.rev("refs/heads/main") or ""
    return [
        claim_attempt(repo, remote, NewAttempt(PHASE, branch, base, f"{racer}/{n}", "run-1")) for n in range(CLAIMS)
    ]


def race(lab: Lab, folder: Path, what: Callable[[Path, Path, int], list[int]]) -> list[list[int]]:
    """Processes of their own, all at once."""
    pool: Pool
    with _server.Pool(RACERS) as pool:
        return pool.map(partial(what, lab.url, folder), range(RACERS), chunksize=1)


@pytest.mark.timeout(900)
def test_updates_of_one_ledger_by_four_processes(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab.open(plan_of({"1": []}))
    wave = WaveRecord(run="run-1", state="integrated")
    update(lab.repo, lab.remote, PHASE, lambda seen: Change(changed(seen.folded(), waves={1: wave})))
    first = lab.read().opened.commit
    began = time.monotonic()
    tries = race(lab, tmp_path, write)
    took = time.monotonic() - began

    wins = RACERS * UPDATES
    snapshot = lab.read()
    assert snapshot.ledger and snapshot.ledger.waves[1].gate_runs == wins
    assert sorted(snapshot.status_lines) == sorted(_line(r, n) for r in range(RACERS) for n in range(UPDATES))
    history = lab.repo.run("rev-list", "--first-parent", f"{first}..{snapshot.opened.commit}").out.split()
    steps = read_objects(lab.repo, [f"{sha}:ledger.json" for sha in history]).values()
    counts = [json.loads(text or b"")["waves"]["1"]["gate_runs"] for text in steps]
    assert counts == list(range(wins, 0, -1)), "each commit counts one more than its parent"
    lost = sum(map(sum, tries)) - wins
    with capsys.disabled():
        print(
            f"\n{wins} updates by {RACERS} processes: 0 lost, 0 twice; {took:.0f} s, {lost} tries lost to others,",
            end=" ",
        )
        print(f"at most {max(map(max, tries))} of {ROUNDS} for one update")


def test_claims_of_one_branch_by_four_processes_are_numbered_without_a_gap(lab: Lab, tmp_path: Path) -> None:
    lab.open(plan_of({"1": []}))
    numbers = race(lab, tmp_path, claim)
    assert sorted(n for mine in numbers for n in mine) == list(range(1, RACERS * CLAIMS + 1))
    assert all(mine == sorted(mine) for mine in numbers)
    claims = lab.read().started["1"]
    assert {n: claims[n].claim for n in claims} == {
        n: f"{racer}/{i}" for racer, mine in enumerate(numbers) for i, n in enumerate(mine)
    }
    assert refs.started(PHASE, "1", RACERS * CLAIMS) in lab.refs()
