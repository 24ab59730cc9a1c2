"""Compute what a plan can do at best, whatever its authors promised: pure arithmetic over estimates.

The weight of a branch is seconds, the mean of its estimate: see `durations`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from phaseplan.plan.durations import estimates_of
from phaseplan.plan.graph import by_wave, merge_order
from phaseplan.plan.model import PhasePlan


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """Hold the numbers of one wave. Times in seconds."""

    wave: int
    branches: tuple[str, ...]
    agents: int  # that can work at once
    needs_waves: tuple[int, ...]
    critical: tuple[str, ...]  # branches on the plan's critical path
    lines: int
    bound: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """Hold what is true of a plan with a number of agents. Times in seconds."""

    agents: int
    critical_path: tuple[str, ...]
    critical_time: float
    sequential: float
    waves_bound: float  # `start: wave`: no schedule of these waves is faster
    dependencies_bound: float  # `start: dependencies`
    waves: tuple[WaveFacts, ...]

    @property
    def bound(self) -> dict[str, float]:
        """Return the lower bound by start mode, in seconds."""
        return {"wave": self.waves_bound, "dependencies": self.dependencies_bound}


def analyse(plan: PhasePlan, agents: int | None = None, weights: Mapping[str, float] | None = None) -> Analysis:
    """Analyse a plan that lints without errors.

    :param agents: how many work at once; the plan's `max_parallel_agents` when not given.
    :param weights: seconds by branch id, for times that were measured instead of estimated; those of branches that
        the plan has not are left out.
    """
    count = agents or plan.max_parallel_agents
    given = weights if weights is not None else estimates(plan)
    cost = {
        branch.id: given[branch.id] for branch in plan
    }  # of a whole campaign the plan's own, or bounds are too high
    path, length = critical_path(plan, cost)
    members = by_wave(plan, merge_order(plan))
    waves = tuple(_wave_facts(plan, i, count, cost, path, members[w.wave]) for i, w in enumerate(plan.waves))
    total = sum(cost.values())
    return Analysis(
        agents=count,
        critical_path=path,
        critical_time=length,
        sequential=total,
        waves_bound=sum(facts.bound for facts in waves),
        dependencies_bound=max(length, makespan_bound(cost.values(), count)),
        waves=waves,
    )


def estimates(plan: PhasePlan) -> dict[str, float]:
    """Return the seconds of each branch, by id."""
    return {branch_id: estimate.mean for branch_id, estimate in estimates_of(plan).items()}


def critical_path(
    plan: PhasePlan, cost: Mapping[str, float], only: Sequence[str] | None = None
) -> tuple[tuple[str, ...], float]:
    """Find the chain of dependencies that takes longest, and its seconds; of equals the first in plan order.

    :param only: look at these branches alone; in merge order.
    """
    order = merge_order(plan) if only is None else only
    finish: dict[str, float] = {}
    before: dict[str, str | None] = {}
    for branch_id in order:
        needed = [n for n in plan.by_id[branch_id].depends_on if n in finish]
        before[branch_id] = max(needed, key=finish.__getitem__, default=None)
        finish[branch_id] = cost[branch_id] + max((finish[n] for n in needed), default=0.0)
    places = plan.place
    last: str | None = max(sorted(finish, key=places.__getitem__), key=finish.__getitem__)
    length = finish[last] if last is not None else 0.0
    path: list[str] = []
    while last is not None:
        path.append(last)
        last = before[last]
    return tuple(reversed(path)), length


def makespan_bound(costs: Iterable[float], agents: int) -> float:
    """Return seconds in which n agents cannot finish these jobs: the longest job, the mean load, and the pigeonholes.

    With n agents the n + 1 longest jobs put two on one agent, the 2n + 1 longest three, and so on.
    """
    jobs = sorted(costs, reverse=True)
    if not jobs:
        return 0.0
    upto = [0.0, *accumulate(jobs)]
    holes = (upto[k * agents + 1] - upto[k * agents - k] for k in range(1, (len(jobs) - 1) // agents + 1))
    return max(jobs[0], upto[-1] / agents, *holes)


def _wave_facts(
    plan: PhasePlan, index: int, agents: int, cost: Mapping[str, float], path: tuple[str, ...], order: list[str]
) -> WaveFacts:
    wave = plan.waves[index]
    ids = tuple(branch.id for branch in wave.branches)
    needs = {plan.wave_of[n] for branch in wave.branches for n in branch.depends_on} - {wave.wave}
    longest = critical_path(plan, cost, order)[1]
    return WaveFacts(
        wave=wave.wave,
        branches=ids,
        agents=min(agents, len(ids)),
        needs_waves=tuple(sorted(needs)),
        critical=tuple(b for b in ids if b in path),
        lines=sum(branch.lines for branch in wave.branches),
        bound=max(longest, makespan_bound((cost[b] for b in ids), agents)),
    )
