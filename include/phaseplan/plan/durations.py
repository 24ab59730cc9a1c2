"""Estimate how long each branch takes, and name the source: past runs, the branch, its wave, or its lines.

First found counts: `learned` (what its agent took in past runs, the shortest to the longest), the branch's own
`duration`, its wave's, its estimated lines at a fixed pace, and where nothing is said an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from phaseplan.plan.model import Branch, PhasePlan, Wave

SECONDS_A_LINE = 30  # the founding document: 500 lines in 4 hours
UNKNOWN = 3600

Source = Literal["learned", "branch", "wave", "lines", "nothing"]
Learned = Mapping[str, Sequence[float]]  # seconds of past runs by branch id


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold the time that one branch takes, in seconds; `low == high` if no range was given."""

    low: float
    high: float
    mean: float
    source: Source


def estimates_of(plan: PhasePlan, learned: Learned | None = None) -> dict[str, Estimate]:
    """Estimate every branch, by id."""
    past_by_branch = learned or {}
    return {b.id: _estimate(wave, b, past_by_branch.get(b.id, ())) for wave in plan.waves for b in wave.branches}


def _estimate(wave: Wave, branch: Branch, past: Sequence[float]) -> Estimate:
    if past:
        return Estimate(min(past), max(past), sum(past) / len(past), "learned")
    span = branch.duration or wave.duration
    if span is not None:
        return Estimate(span.low, span.high, (span.low + span.high) / 2, "branch" if branch.duration else "wave")
    guess = float(branch.lines * SECONDS_A_LINE or UNKNOWN)
    return Estimate(guess, guess, guess, "lines" if branch.lines else "nothing")
