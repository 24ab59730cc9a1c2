"""Find which branch moves the end if it takes longer than estimated, and by how much."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from phaseplan.forecast.simulation.network import Net, Work
from phaseplan.forecast.simulation.schedule import Agents, Schedule, run

TENTH = 0.1
HOUR = 3600.0
_STEPS = 100_000  # branch starts that all simulations together may take: every branch of up to 316


@dataclass(frozen=True, slots=True)
class Shift:
    """Hold one branch's effect. `tenth`, `hour`: seconds by which the end moves if it takes a tenth or an hour longer.

    `slack`: seconds that it may take longer if the order of starts is kept. With agents that take what is most urgent
    the order can change, and an end come earlier by chance (Graham's anomalies), so a move can be negative.
    """

    branch: int
    slack: float
    tenth: float
    hour: float


def sensitivity(work: Work, net: Net, agents: Agents, planned: Schedule) -> tuple[Shift, ...]:
    """List the branches that move the end, the strongest first; each was simulated again with its slip.

    Of many branches only those with the least slack are: see `measured`.
    """
    slack = slacks(work, net, agents, planned)
    some = sorted(range(len(slack)), key=slack.__getitem__)[: measured(work)]

    def moved(number: int, slip: float) -> float:
        costs = list(work.costs)
        costs[number] += slip
        return run(work, net, agents, costs).makespan - planned.makespan

    found = (Shift(n, slack[n], moved(n, work.costs[n] * TENTH), moved(n, HOUR)) for n in some)
    return tuple(sorted(found, key=lambda s: (-s.hour, -s.tenth, s.slack, s.branch)))


def measured(work: Work) -> int:
    """Return the number of branches that are simulated again."""
    return min(len(work.branches), max(5, _STEPS // (len(work.branches) or 1)))


def slacks(work: Work, net: Net, agents: Agents, planned: Schedule) -> list[float]:
    """Return seconds by which each branch can end later, with all that follows, while order and end stay."""
    count = len(work.branches)
    latest = [planned.makespan] * len(net.needs)  # to start, once it was looked at
    following = _handed_on(work, agents, planned)
    slack = [0.0] * count
    for number in reversed(planned.finished):
        end = min((latest[other] for other in net.after[number]), default=planned.makespan)
        if number < count:
            if (other := following.get(number)) is not None:
                end = min(end, latest[other])
            slack[number] = max(0.0, end - planned.ends[number])
        latest[number] = end - work.costs[number] if number < count else end
    return slack


def _handed_on(work: Work, agents: Agents, planned: Schedule) -> dict[int, int]:
    """Find which branch waits for another's agent, assigned so that as few wait as can be.

    A branch that starts takes an agent that has done nothing yet, else the one that became idle last: the schedule's
    own numbers of agents would make branches wait for each other although another agent was idle.
    """
    out: dict[int, int] = {}
    place = {number: i for i, number in enumerate(planned.finished)}
    for crew, fresh in enumerate(agents.crews):
        own = [n for n, plan in enumerate(work.plan_of) if agents.crew_of[plan] == crew]
        ending = deque(sorted(own, key=place.__getitem__))
        idle: list[int] = []
        for count, number in enumerate(sorted(own, key=lambda n: (planned.starts[n], place[n]))):
            while ending and place[ending[0]] < place[number] and planned.ends[ending[0]] <= planned.starts[number]:
                idle.append(ending.popleft())
            if count >= fresh and idle:
                out[idle.pop()] = number
    return out
