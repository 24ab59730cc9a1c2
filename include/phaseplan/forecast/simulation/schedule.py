"""Simulate list scheduling: a free agent takes the most urgent branch that may start, as in Airflow's pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from phaseplan.forecast.simulation.network import Net, Work

_IDLE = 256


@dataclass(frozen=True)
class Agents:
    """Hold the agents: one crew for all phases, or one for each phase, as Airflow's pools have it."""

    crews: tuple[int, ...]  # agents in each crew
    crew_of: tuple[int, ...]  # by plan

    @property
    def total(self) -> int:
        """Return the number of agents in all crews."""
        return sum(self.crews)


@dataclass(frozen=True)
class Schedule:
    """Hold one run, in seconds from its start; by branch number."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    agents: tuple[int, ...]  # who builds it, counted from 0 over all crews
    makespan: float
    finished: tuple[int, ...]  # all numbers, gates too, in the order in which they were done with


def shared(work: Work, count: int) -> Agents:
    """Return one crew for all phases."""
    return Agents((_used(count, len(work.branches)),), (0,) * len(work.plans))


def pools(work: Work) -> Agents:
    """Return a crew for each phase, of `max_parallel_agents`."""
    crews = tuple(_used(plan.max_parallel_agents, len(plan.place)) for plan in work.plans)
    return Agents(crews, tuple(range(len(crews))))


def _used(count: int, branches: int) -> int:
    """Limit the agents without a branch to a number that people may have: a plan may ask for billions."""
    return min(count, max(branches, _IDLE))


def run(work: Work, net: Net, agents: Agents, costs: Sequence[float] | None = None) -> Schedule:
    """Simulate one run.

    :param costs: seconds by branch number; None: the estimates.
    """
    return _Run(work, net, agents, work.costs if costs is None else costs).result()


class _Run:
    """Hold one run while it happens. Plain lists and heaps: Monte Carlo makes millions of these steps."""

    def __init__(self, work: Work, net: Net, agents: Agents, costs: Sequence[float]) -> None:
        self.net, self.costs = net, costs
        self.count = len(work.branches)
        self.crew = [0] * self.count if len(agents.crews) == 1 else [agents.crew_of[p] for p in work.plan_of]
        self.waiting, self.rank = list(net.waits), net.rank
        self.ready: list[list[int]] = [[] for _ in agents.crews]
        first = [sum(agents.crews[:i]) for i in range(len(agents.crews))]
        self.free = [list(range(f, f + n)) for f, n in zip(first, agents.crews, strict=True)]
        self.busy: list[tuple[float, int]] = []
        self.starts, self.ends = [0.0] * self.count, [0.0] * self.count
        self.by = [0] * self.count
        self.finished: list[int] = []

    def result(self) -> Schedule:
        for heap in self.free:
            heapify(heap)
        self._release([n for n, left in enumerate(self.waiting) if not left])
        now, busy, free, crew, by = 0.0, self.busy, self.free, self.crew, self.by
        self._start(now)
        while busy:
            now = busy[0][0]
            while busy and busy[0][0] == now:
                number = heappop(busy)[1]
                heappush(free[crew[number]], by[number])
                self._done(number)
            self._start(now)
        return Schedule(tuple(self.starts), tuple(self.ends), tuple(by), now, tuple(self.finished))

    def _done(self, number: int) -> None:
        waiting = self.waiting
        self.finished.append(number)
        for other in self.net.after[number]:
            waiting[other] -= 1
            if not waiting[other]:
                self._release((other,))

    def _release(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if number < self.count:
                heappush(self.ready[self.crew[number]], self.rank[number])
            else:
                self._done(number)

    def _start(self, now: float) -> None:
        urgent, busy, costs, starts, ends = self.net.urgent, self.busy, self.costs, self.starts, self.ends
        for ready, free in zip(self.ready, self.free, strict=True):
            while ready and free:
                number = urgent[heappop(ready)]
                self.by[number] = heappop(free)
                starts[number] = now
                ends[number] = end = now + costs[number]
                heappush(busy, (end, number))
