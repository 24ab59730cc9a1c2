"""Starters of one phase at the same time, and long nights drawn at random: no limit is ever passed by reservations."""

from __future__ import annotations

import multiprocessing
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseplan.ledger.money.budgets import BudgetHeld, BudgetSpent, reserve, shared_budgets
from phaseplan.ledger.money.usage import Allowance
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import Ledger, Pinned, RunRecord, Verdict
from phaseplan.ledger.snapshot import Claim, Snapshot
from phaseplan.plan.budget import Budget
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from tests.budgets.plans import BEHIND, end, opened, shared, start, used
from tests.git.lab import PHASE, Lab

TEN = tuple(map(str, range(1, 11)))
LIMIT, OWN = 1000, 300
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload([__name__])


def try_to_start(url: Path, folder: Path, branch_id: str) -> int | str:
    """Start one branch, by a worker of its own, from what it has read before the others began."""
    remote, repo = Remote(str(url)), GitRepo.init(folder / f"worker-{branch_id}.git")
    remote.fetch(repo, "+refs/heads/main:refs/heads/main")
    plan = shared(TEN, own={"tokens": OWN}, phase={"tokens": LIMIT})
    try:
        given = start(repo, remote, plan, branch_id, repo.rev("refs/heads/main") or "", "run-1/0")
    except BudgetHeld:
        return "waits"
    except BudgetSpent:
        return "spent"
    return given.allowance.tokens or 0 if given.allowance else -1


def race(lab: Lab, folder: Path, ids: tuple[str, ...]) -> list[int | str]:
    pool: Pool
    with _server.Pool(len(ids)) as pool:
        return pool.map(partial(try_to_start, lab.url, folder), ids, chunksize=1)


@pytest.mark.timeout(300)
def test_ten_starters_at_once_reserve_no_more_than_the_limit(lab: Lab, tmp_path: Path) -> None:
    opened(lab, shared(TEN, own={"tokens": OWN}, phase={"tokens": LIMIT}))
    answers = race(lab, tmp_path, TEN)
    assert sorted(map(str, answers)) == sorted(["300"] * 3 + ["100"] + ["waits"] * 6)
    (each,) = shared_budgets(lab.read())
    assert sum(allowance.tokens or 0 for allowance in each.held.values()) == LIMIT
    for branch_id in each.held:
        end(lab, branch_id, 1, used(290))  # an overshoot, of the one that had 100
    waiting = tuple(b for b, answer in zip(TEN, answers, strict=True) if answer == "waits")
    again = race(lab, tmp_path / "again", waiting)
    assert set(again) == {"spent"}, "four have used 1,160"
    assert len(lab.read().started) == 4, "what does not begin takes no number"


class Night:
    """A phase that is played in memory: what its refs would say, and what its agents have used."""

    def __init__(self, limit: int, own: int | None) -> None:
        plan = shared(TEN, own={"tokens": own} if own else None, phase={"tokens": limit}, night={"tokens": limit})
        facts = {"base": "b", "base_name": "main", "plan": "p", "start": "wave", "opened": "2026-01-01T00:00:00Z"}
        run = RunRecord.model_validate({"id": "r", "epoch": 1, **facts})
        self.opened = OpenPhase(Ledger(id="l", phase=PHASE, run=run), Pinned(plan=plan, profiles={"sh": BEHIND}), "c")
        self.own = Budget(tokens=own) if own else None
        self.claims: dict[str, dict[int, Claim]] = {}
        self.verdicts: dict[str, tuple[Verdict, ...]] = {}

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(PHASE, self.opened, started=dict(self.claims), verdicts=dict(self.verdicts))

    def held(self, branch_id: str) -> tuple[int, Allowance] | None:
        number = max(self.claims.get(branch_id, {}), default=0)
        open_ = number and all(v.attempt != number for v in self.verdicts.get(branch_id, ()))
        allowance = self.claims[branch_id][number].allowance if open_ else None
        return (number, allowance) if allowance else None

    def begin(self, branch_id: str) -> None:
        allowance = reserve(self.snapshot, branch_id, self.own)
        own = self.claims.setdefault(branch_id, {})
        number = max(own, default=0) + 1
        own[number] = Claim(
            f"{branch_id}/{number}", "b", f"c{number}", "r", "2026-01-01T00:00:00Z", allowance=allowance
        )

    def end(self, branch_id: str, part: float, over: int) -> int:
        """Judge what runs; return by how much it overshot its allowance."""
        found = self.held(branch_id)
        assert found is not None
        number, allowance = found
        tokens = int((allowance.tokens or 0) * part) + (over if part == 1 else 0)
        given = {"phase": PHASE, "branch": branch_id, "attempt": number, "run": "r", "claim": f"c{number}",
                 "outcome": "failed", "base": "b", "usage": used(tokens)}  # fmt: skip
        self.verdicts[branch_id] = (*self.verdicts.get(branch_id, ()), Verdict.model_validate(given))
        return max(0, tokens - (allowance.tokens or 0))


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(1, 5000),
    own=st.none() | st.integers(1, 2000),
    moves=st.lists(st.tuples(st.sampled_from(TEN), st.sampled_from([0.0, 0.3, 1.0]), st.integers(0, 50)), max_size=40),
)
def test_what_is_used_passes_a_limit_by_no_more_than_the_last_calls(
    limit: int, own: int | None, moves: list[tuple[str, float, int]]
) -> None:
    night, overshot = Night(limit, own), 0
    for branch_id, part, over in moves:
        if night.held(branch_id):
            overshot += night.end(branch_id, part, over)
        else:
            before = shared_budgets(night.snapshot)
            try:
                night.begin(branch_id)
            except (BudgetHeld, BudgetSpent) as error:
                waits = any(night.held(b) for b in TEN)
                assert isinstance(error, BudgetHeld) == waits
                assert all(each.free("tokens") == 0 for each in before)
                continue
            allowance = (night.held(branch_id) or (0, Allowance()))[1].tokens
            assert allowance and allowance <= (own or limit) and allowance <= before[0].free("tokens")
        for each in shared_budgets(night.snapshot):
            reserved = sum(held.tokens or 0 for held in each.held.values())
            assert each.spent("tokens") + reserved <= limit + overshot
