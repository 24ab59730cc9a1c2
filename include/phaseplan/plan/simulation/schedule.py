"""List scheduling: whenever an agent is free, it takes the most urgent branch that may start, as Airflow's pools do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from include.phaseplan.plan.simulation.network import Net, Work


@dataclass(frozen=True)
class Agents:
    """Who works: one crew for all phases, or one for each phase, as Airflow's pools have it."""

    crews: tuple[int, ...]  # agents in each crew
    crew_of: tuple[int, ...]  # by plan

    @property
    def total(self) -> int:
        """Agents altogether."""
        return sum(self.crews)


@dataclass(frozen=True)
class Schedule:
    """One run, in seconds from its start; by branch number."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    agents: tuple[int, ...]  # who builds it, counted from 0 over all crews
    makespan: float
    finished: tuple[int, ...]  # all numbers, gates too, in the order in which they were done with


def shared(work: Work, count: int) -> Agents:
    """One crew for all phases."""
    return Agents((count,), (0,) * len(work.plans))


def pools(work: Work) -> Agents:
    """Each phase with its `max_parallel_agents`."""
    return Agents(tuple(p.max_parallel_agents for p in work.plans), tuple(range(len(work.plans))))


def run(work: Work, net: Net, agents: Agents, costs: Sequence[float] | None = None) -> Schedule:
    """Let the agents work.

    :param costs: seconds by branch number, where it is not the estimates that happen.
    """
    return _Run(work, net, agents, work.costs if costs is None else costs).result()


class _Run:
    """One run while it happens. Plain lists and heaps: Monte Carlo makes millions of these steps."""

    def __init__(self, work: Work, net: Net, agents: Agents, costs: Sequence[float]) -> None:
        self.net, self.costs = net, costs
        self.count = len(work.branches)
        self.crew = [agents.crew_of[p] for p in work.plan_of]
        self.waiting = [len(needed) for needed in net.needs]
        self.rank = [0] * self.count
        for place, number in enumerate(net.urgent):
            self.rank[number] = place
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
        now = 0.0
        self._start(now)
        while self.busy:
            now = self.busy[0][0]
            while self.busy and self.busy[0][0] == now:
                number = heappop(self.busy)[1]
                heappush(self.free[self.crew[number]], self.by[number])
                self._done(number)
            self._start(now)
        return Schedule(tuple(self.starts), tuple(self.ends), tuple(self.by), now, tuple(self.finished))

    def _done(self, number: int) -> None:
        waiting, freed = self.waiting, []
        self.finished.append(number)
        for other in self.net.after[number]:
            waiting[other] -= 1
            if not waiting[other]:
                freed.append(other)
        if freed:
            self._release(freed)

    def _release(self, numbers: list[int]) -> None:
        for number in numbers:
            if number < self.count:
                heappush(self.ready[self.crew[number]], self.rank[number])
            else:
                self._done(number)

    def _start(self, now: float) -> None:
        urgent, busy = self.net.urgent, self.busy
        for ready, free in zip(self.ready, self.free, strict=True):
            while ready and free:
                number = urgent[heappop(ready)]
                self.by[number] = heappop(free)
                self.starts[number] = now
                self.ends[number] = end = now + self.costs[number]
                heappush(busy, (end, number))
