"""Estimate when a run ends if no estimate is exact: Monte Carlo over the ranges.

Every branch is drawn on its own, uniformly over its range. A range says how short and how long and nothing of what is
likelier between; uniform adds nothing to that, its mean is the middle that the simulation reckons with, and it is the
more cautious choice (a triangle's P90 is earlier). A branch without a range takes exactly its estimate.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from phaseplan.forecast.simulation.network import Net, Work
from phaseplan.forecast.simulation.schedule import Agents, run

RUNS = 1000
_STEPS = 300_000  # branch starts that all runs together may take unless somebody asks for more
_LEAST = 30


@dataclass(frozen=True, slots=True)
class Chance:
    """Hold ends in seconds. `ranged`: number of branches that have a range at all."""

    runs: int
    seed: int
    ranged: int
    earliest: float
    p50: float
    p90: float
    latest: float


def chance(work: Work, net: Net, agents: Agents, seed: int, runs: int | None = None) -> Chance:
    """Simulate many runs; the same seed gives the same answer."""
    count = rounds(len(work.branches), runs)
    dice = random.Random(seed)
    ranges = [(e.low, e.high - e.low) for e in work.estimates]
    ranged = sum(width > 0 for _, width in ranges)
    ends = []
    for _ in range(count if ranged else 1):
        ends.append(run(work, net, agents, [low + width * dice.random() for low, width in ranges]).makespan)
    ends.sort()
    return Chance(count, seed, ranged, ends[0], share(ends, 0.5), share(ends, 0.9), ends[-1])


def rounds(branches: int, asked: int | None) -> int:
    """Return how many runs to simulate: as many as asked for, else fewer for a large plan."""
    return asked or min(RUNS, max(_LEAST, _STEPS // branches))


def share(ends: list[float], share: float) -> float:
    """Return the end that this share of the runs did not miss (nearest rank)."""
    return ends[math.ceil(share * len(ends)) - 1]
