"""Compute how the end depends on the number of agents, and from which number on one more gains nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from phaseplan.forecast.simulation.bounds import Bounds
from phaseplan.forecast.simulation.network import Net, Work
from phaseplan.forecast.simulation.schedule import Schedule, run, shared

_LINEAR = 32  # numbers of agents tried one by one; more are halved
_ROWS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """Hold, for one number of agents shared by all phases, the end in both start modes and its bound. Seconds."""

    agents: int
    wave: float
    wave_bound: float
    dependencies: float
    dependencies_bound: float


@dataclass(frozen=True, slots=True)
class Enough:
    """Hold the least number of agents with which the end is as early as with any number, and that end in seconds."""

    agents: int
    makespan: float


def enough(work: Work, net: Net) -> Enough:
    """Find the first number that is as good as an agent for every branch; one fewer is worse."""
    best = run(work, net, shared(work, len(work.branches)))
    limit = best.makespan * (1 + 1e-9)

    def reaches(count: int) -> bool:
        return run(work, net, shared(work, count)).makespan <= limit

    low, high = max(1, math.ceil(work.total / limit)) if limit else 1, _peak(best)
    while high - low > _LINEAR:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle + 1, high)
    return Enough(next((n for n in range(low, high) if reaches(n)), high), best.makespan)


def table(work: Work, nets: dict[str, Net], bounds: Bounds, most: int, also: int) -> tuple[Row, ...]:
    """Make rows for 1 to `most` agents, a selection if they are many, and for the number `also`."""
    return tuple(_row(work, nets, bounds, n) for n in sorted({*_counts(most), most, also}))


def utilisation(schedule: Schedule, agents: int) -> tuple[float, ...]:
    """Return the share of the time in which each agent works, 0 to 1."""
    busy = [0.0] * agents
    for agent, begun, end in zip(schedule.agents, schedule.starts, schedule.ends, strict=True):
        busy[agent] += end - begun
    return tuple(seconds / schedule.makespan if schedule.makespan else 0.0 for seconds in busy)


def _row(work: Work, nets: dict[str, Net], bounds: Bounds, count: int) -> Row:
    crew = shared(work, count)
    return Row(
        count,
        run(work, nets["wave"], crew).makespan,
        bounds.at(crew, "wave"),
        run(work, nets["dependencies"], crew).makespan,
        bounds.at(crew, "dependencies"),
    )


def _counts(most: int) -> list[int]:
    """List 1 to `most`; if that is a long list, 1, 2, 3, 4, 6, 8, 12, 16 and so on."""
    if most <= _ROWS:
        return list(range(1, most + 1))
    steps = [1, *(n for k in range(1, most.bit_length()) for n in (1 << k, 3 << (k - 1)))]
    return [n for n in steps if n < most]


def _peak(schedule: Schedule) -> int:
    """Return the most branches at work at one time."""
    moves = sorted([*((t, 1) for t in schedule.starts), *((t, -1) for t in schedule.ends)])
    most = now = 0
    for _, change in moves:
        now += change
        most = max(most, now)
    return max(1, most)
