"""Estimate how long the rest of a phase will take, by what its agents have taken so far. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from statistics import fmean

from phaseplan.cli.progress.view import SETTLED, PhaseView
from phaseplan.plan.graph import merge_order
from phaseplan.plan.model import PhasePlan


def remaining(plan: PhasePlan, view: PhaseView, *, by_wave: bool) -> float | None:
    """Return seconds until the last branch is built, or None before any has been built.

    Branches still to come are taken to need what the finished ones needed for each estimated line.

    :param by_wave: a wave starts when the one before it is integrated (`start: wave`).
    """
    took = {b.id: b.seconds for b in view.branches if b.state in ("passed", "integrated") and b.seconds}
    if not took:
        return None
    left_seconds = {b.id: _needs(plan, b.id, took) for b in view.branches if b.state not in SETTLED}
    running = {b.id for b in view.branches if b.busy}
    for branch in view.branches:
        if branch.busy and branch.seconds is not None:
            # One that takes longer than expected is expected to take a tenth of that still.
            left_seconds[branch.id] = max(left_seconds[branch.id] - branch.seconds, left_seconds[branch.id] / 10)
    return _makespan(plan, left_seconds, running, view.slots, by_wave)


def _needs(plan: PhasePlan, branch_id: str, took: Mapping[str, float]) -> float:
    mean = fmean(took.values())
    lines = fmean(plan.by_id[b].lines for b in took)
    own = plan.by_id[branch_id].lines
    return mean * own / lines if own and lines else mean


def _makespan(
    plan: PhasePlan, left_seconds: Mapping[str, float], running: set[str], slots: int, by_wave: bool
) -> float:
    """Simulate list scheduling: the next branch that may start does so, as soon as an agent is free."""
    order = [b for b in merge_order(plan) if b in left_seconds]
    order.sort(key=lambda b: b not in running)
    if by_wave:
        order.sort(key=plan.wave_of.__getitem__)
    free = [0.0] * slots
    end: dict[str, float] = {}
    floor = 0.0
    wave = plan.wave_of[order[0]] if order else 0
    for branch in order:
        if by_wave and plan.wave_of[branch] != wave:
            wave, floor = plan.wave_of[branch], max(end.values())
        ready = max([floor, *(end.get(d, 0.0) for d in plan.by_id[branch].depends_on)])
        start = max(ready, heapq.heappop(free))
        end[branch] = start + left_seconds[branch]
        heapq.heappush(free, end[branch])
    return max(end.values(), default=0.0)
