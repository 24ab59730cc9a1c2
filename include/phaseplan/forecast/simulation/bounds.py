"""Compute ends that no schedule can beat: for each phase its own bound, over phases the longest chain of them."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.forecast.analysis import critical_path, makespan_bound
from phaseplan.forecast.simulation.network import Work
from phaseplan.forecast.simulation.schedule import Agents
from phaseplan.plan.graph import by_wave
from phaseplan.plan.model import PhasePlan, Start

Part = tuple[float, tuple[float, ...]]  # longest chain inside, seconds of every branch


@dataclass(frozen=True)
class Bounds:
    """Hold what the lower bounds of some work need that does not depend on the number of agents."""

    work: Work
    waves: tuple[tuple[Part, ...], ...]  # by plan: its waves
    wholes: tuple[Part, ...]  # by plan
    paths: tuple[tuple[str, ...], ...]  # by plan: its critical path

    def at(self, agents: Agents, start: Start | None = None) -> float:
        """Return seconds before which these agents cannot end; `start` None: each plan's own."""
        ends: dict[int, float] = {}
        load = [0.0] * len(agents.crews)
        for index, plan in enumerate(self.work.plans):
            crew = agents.crew_of[index]
            load[crew] += sum(self.wholes[index][1])
            mode = start or plan.start
            parts = self.waves[index] if mode == "wave" else self.wholes[index : index + 1]
            own = sum(max(longest, makespan_bound(costs, agents.crews[crew])) for longest, costs in parts)
            ends[plan.phase] = own + max((ends[p] for p in plan.depends_on if p in ends), default=0.0)
        return max(*ends.values(), *(seconds / n for seconds, n in zip(load, agents.crews, strict=True)))

    def critical(self) -> tuple[tuple[tuple[int, str], ...], float]:
        """Find the longest chain over phases as (phase, branch id), and its seconds: agents enough, by dependencies."""
        ends: dict[int, float] = {}
        chain: dict[int, tuple[tuple[int, str], ...]] = {}
        for plan, (longest, _), path in zip(self.work.plans, self.wholes, self.paths, strict=True):
            before = max((p for p in plan.depends_on if p in ends), key=ends.__getitem__, default=None)
            ends[plan.phase] = longest + (0.0 if before is None else ends[before])
            chain[plan.phase] = (() if before is None else chain[before]) + tuple((plan.phase, b) for b in path)
        last = max(ends, key=ends.__getitem__)
        return chain[last], ends[last]


def bounds_of(work: Work) -> Bounds:
    """Compute what does not depend on the number of agents."""
    waves, wholes, paths = [], [], []
    for index, plan in enumerate(work.plans):
        cost = work.cost_of(index)
        order = work.orders[index]
        path, length = critical_path(plan, cost, order)
        waves.append(_waves(plan, cost, order))
        wholes.append((length, tuple(cost.values())))
        paths.append(path)
    return Bounds(work, tuple(waves), tuple(wholes), tuple(paths))


def _waves(plan: PhasePlan, cost: dict[str, float], order: tuple[str, ...]) -> tuple[Part, ...]:
    members = by_wave(plan, order).values()
    return tuple((critical_path(plan, cost, m)[1], tuple(cost[b] for b in m)) for m in members)
