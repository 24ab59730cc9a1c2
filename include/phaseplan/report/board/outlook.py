"""Predict when an open run ends, from what its branches have taken so far. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from phaseplan.forecast.simulation.chance import chance
from phaseplan.forecast.simulation.network import connect, gather
from phaseplan.forecast.simulation.schedule import pools
from phaseplan.ledger.records import State, moment_if_any
from phaseplan.plan.durations import Estimate, Learned, estimates_of
from phaseplan.plan.model import PhasePlan, Start
from phaseplan.report.status import BranchStatus, PhaseStatus

_RUNS = 200  # of the simulation; a viewer waits for them
_REST = 0.1  # of its estimate: what an agent still takes that has worked for longer already


@dataclass(frozen=True)
class Outlook:
    """Hold in how many seconds a run ends: what half of all runs, and nine of ten, do not go beyond.

    :param basis: what it rests on, in words.
    :param branches: how many branches are still to come.
    """

    p50: float
    p90: float
    basis: str
    branches: int


def outlook(plan: PhasePlan, status: PhaseStatus, past: Learned, now: datetime) -> Outlook | None:
    """Simulate what is left of the open run; None if none is open, or nothing is left that can still come.

    :param past: seconds of earlier runs, by branch id.
    """
    run = status.run
    if run is None or run.closed:
        return None
    chosen = set(run.branches) or set(status.branches)
    left = {b: s for b, s in status.branches.items() if b in chosen and _may_come(s)}
    if not left:
        return None
    pace, basis = _pace(plan, status, past)
    seconds = {b: _seconds(plan, b, status, past, pace, now) for b in left}
    rest = _rest(plan, set(left))
    work = gather([rest], {plan.phase: seconds})
    ends = chance(work, connect(work, run.start), pools(work), 1, _RUNS)
    return Outlook(ends.p50, ends.p90, basis, len(left))


def planned(plan: PhasePlan, status: PhaseStatus, past: Learned) -> Mapping[str, Estimate]:
    """Return what each branch is expected to take, at this run's own pace."""
    pace, _ = _pace(plan, status, past)
    estimates = estimates_of(plan)
    return {b: _scaled(estimates[b], past.get(b, ()), pace) for b in estimates}


def start_of(status: PhaseStatus, plan: PhasePlan) -> Start:
    """Return the start mode of the newest run; the plan's own where none was."""
    return status.run.start if status.run else plan.start


def _may_come(branch: BranchStatus) -> bool:
    return branch.state in (State.PENDING, State.RUNNING) and not branch.blocked_by


def _pace(plan: PhasePlan, status: PhaseStatus, past: Learned) -> tuple[float, str]:
    """Return by how much branches take longer than the plan says, and what that is known from."""
    estimates = estimates_of(plan)
    own = [
        branch.agent_seconds / estimates[b].mean
        for b, branch in status.branches.items()
        if branch.agent_seconds and status.run and branch.started >= status.run.opened
    ]
    if own:
        return statistics.median(own), f"the pace of the {len(own)} {_plural(len(own))} that this run has built"
    if before := [statistics.mean(times) / estimates[b].mean for b, times in past.items() if b in estimates and times]:
        return statistics.median(before), "what branches took in earlier runs"
    return 1.0, "the plan's own estimates"


def _plural(count: int) -> str:
    return "branch" if count == 1 else "branches"


def _scaled(estimate: Estimate, past: Sequence[float], pace: float) -> Estimate:
    if past:
        return Estimate(min(past), max(past), sum(past) / len(past), "learned")
    return Estimate(estimate.low * pace, estimate.high * pace, estimate.mean * pace, estimate.source)


def _seconds(
    plan: PhasePlan, branch_id: str, status: PhaseStatus, past: Learned, pace: float, now: datetime
) -> tuple[float, float]:
    """Return the least and the most that a branch still takes, in seconds."""
    branch = status.branches[branch_id]
    whole = _scaled(estimates_of(plan)[branch_id], past.get(branch_id, ()), pace)
    began = moment_if_any(branch.started) if branch.state is State.RUNNING else None
    gone = (now - began).total_seconds() if began else 0.0
    low, high = (max(bound - gone, bound * _REST, 1.0) for bound in (whole.low, whole.high))
    return low, max(low, high)


def _rest(plan: PhasePlan, left: set[str]) -> PhasePlan:
    """Return the plan of what is left: what is in, or out for good, holds nothing back."""
    waves = []
    for wave in plan.waves:
        kept = tuple(b for b in wave.branches if b.id in left)
        branches = tuple(b.model_copy(update={"depends_on": tuple(n for n in b.depends_on if n in left)}) for b in kept)
        if branches:
            waves.append(wave.model_copy(update={"branches": branches}))
    fields = {name: getattr(plan, name) for name in PhasePlan.model_fields}
    return PhasePlan.model_construct(**{**fields, "waves": tuple(waves), "shared_files": ()})
