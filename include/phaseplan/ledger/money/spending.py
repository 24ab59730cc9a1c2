"""Sum what attempts have used of models by branch, wave, phase and run, with what was wasted of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from phaseplan.ledger.money.usage import Spent, Usage, summed
from phaseplan.ledger.rulings import READY
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan

K = TypeVar("K")


@dataclass(frozen=True)
class Cost:
    """Hold what one attempt used. `wasted`: its work is not in integration, and is not waiting to come in either."""

    attempt: int
    run: str  # that judged it first
    usage: Usage
    wasted: bool


@dataclass(frozen=True)
class Spending:
    """Hold the sums of one phase; there is no entry, and no `phase`, where no gateway has counted anything."""

    branches: Mapping[str, Spent] = field(default_factory=dict)
    waves: Mapping[int, Spent] = field(default_factory=dict)
    runs: Mapping[str, Spent] = field(default_factory=dict)
    phase: Spent | None = None


def spending(snapshot: Snapshot, plan: PhasePlan) -> Spending:
    """Sum what all attempts of a phase have used, in one pass over their verdicts.

    :param plan: says which wave a branch is in; one that it has no more counts for its run and for the phase.
    """
    branches: dict[str, list[Cost]] = {}
    waves: dict[int, list[Cost]] = {}
    runs: dict[str, list[Cost]] = {}
    for branch in snapshot.verdicts:
        for cost in costs_of(snapshot, branch):
            branches.setdefault(branch, []).append(cost)
            runs.setdefault(cost.run, []).append(cost)
            if branch in plan.wave_of:
                waves.setdefault(plan.wave_of[branch], []).append(cost)
    return Spending(
        branches=_totals(branches),
        waves=_totals(waves),
        runs=_totals(runs),
        phase=total(cost for costs in branches.values() for cost in costs),
    )


def spent_by(snapshot: Snapshot, branch: str) -> Spent | None:
    """Sum what all attempts of one branch have used; None: nothing was counted."""
    return total(costs_of(snapshot, branch))


def costs_in(snapshot: Snapshot, run: str) -> dict[str, list[Cost]]:
    """Return what the attempts of one run have used, by branch."""
    return {
        branch: own
        for branch in snapshot.verdicts
        if (own := [cost for cost in costs_of(snapshot, branch) if cost.run == run])
    }


def costs_of(snapshot: Snapshot, branch: str) -> Iterator[Cost]:
    """Yield what each attempt of a branch used; one that is gated again used it once, in the run that built it."""
    alive = _alive(snapshot, branch)
    seen: set[int] = set()
    for verdict in snapshot.verdicts.get(branch, ()):
        if verdict.usage is not None and verdict.attempt not in seen:
            seen.add(verdict.attempt)
            yield Cost(verdict.attempt, verdict.run, verdict.usage, verdict.attempt not in alive)


def _alive(snapshot: Snapshot, branch: str) -> set[int]:
    """Return the attempts that are in, or have passed and may still come in."""
    record, candidate = snapshot.record(branch), snapshot.candidate(branch)
    alive = {record.attempt} if record is not None and record.state in READY else set()
    return alive | ({candidate.attempt} if candidate is not None else set())


def total(costs: Iterable[Cost]) -> Spent | None:
    """Add what some attempts have used; None: there are none."""
    counted = [*costs]
    usage = summed(cost.usage for cost in counted)
    wasted = summed(cost.usage for cost in counted if cost.wasted)
    return Spent(usage=usage, wasted=wasted) if usage else None


def _totals(groups: Mapping[K, Iterable[Cost]]) -> dict[K, Spent]:
    return {key: spent for key, costs in groups.items() if (spent := total(costs)) is not None}
