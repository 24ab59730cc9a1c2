"""Which branch moves the end if it takes longer than estimated, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

from include.phaseplan.plan.simulation.network import Net, Work
from include.phaseplan.plan.simulation.schedule import Agents, Schedule, run

TENTH = 0.1
HOUR = 3600.0
_STEPS = 100_000  # branch starts that all simulations together may take: every branch of up to 316


@dataclass(frozen=True, slots=True)
class Shift:
    """One branch. `tenth`, `hour`: seconds by which the end moves if it takes a tenth or an hour longer.

    `slack`: seconds that it may take longer if every agent keeps its branches and their order. With agents that take
    what is most urgent an end can come earlier by chance (Graham's anomalies), so a move can be negative.
    """

    branch: int
    slack: float
    tenth: float
    hour: float


def sensitivity(work: Work, net: Net, agents: Agents, planned: Schedule) -> tuple[Shift, ...]:
    """The branches that move the end, the one that moves it most first; each was simulated again with its slip.

    Of many branches only those with the least slack are: see `measured`.
    """
    slack = slacks(work, net, planned)
    some = sorted(range(len(slack)), key=slack.__getitem__)[: measured(work)]

    def moved(number: int, slip: float) -> float:
        costs = list(work.costs)
        costs[number] += slip
        return run(work, net, agents, costs).makespan - planned.makespan

    found = (Shift(n, slack[n], moved(n, work.costs[n] * TENTH), moved(n, HOUR)) for n in some)
    return tuple(sorted(found, key=lambda s: (-s.hour, -s.tenth, s.slack, s.branch)))


def measured(work: Work) -> int:
    """How many branches are simulated again."""
    return min(len(work.branches), max(5, _STEPS // (len(work.branches) or 1)))


def slacks(work: Work, net: Net, planned: Schedule) -> list[float]:
    """Seconds by which each branch can end later while every agent keeps its branches, their order, and the end."""
    count = len(work.branches)
    latest = [planned.makespan] * len(net.needs)  # to start, once it was looked at
    following: dict[int, float] = {}  # agent -> latest start of what it does next
    slack = [0.0] * count
    for number in reversed(planned.finished):
        end = min((latest[other] for other in net.after[number]), default=planned.makespan)
        if number < count:
            end = min(end, following.get(planned.agents[number], planned.makespan))
            slack[number] = max(0.0, end - planned.ends[number])
            following[planned.agents[number]] = end - work.costs[number]
        latest[number] = end - work.costs[number] if number < count else end
    return slack
