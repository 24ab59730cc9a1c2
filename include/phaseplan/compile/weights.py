"""Priority weights: absolute and unique, critical path first, then plan order."""

from __future__ import annotations

from graphlib import TopologicalSorter

from include.phaseplan.plan.model import Branch, PhasePlan


def weights(plan: PhasePlan) -> dict[str, int]:
    """Weight by branch id: the branch with the longest way to the end gets the largest.

    Longest remaining path first is the classic order of list scheduling (Hu 1961; Graham 1969).
    """
    left = _remaining(plan)
    place = {branch.id: i for i, branch in enumerate(plan)}
    order = sorted(place, key=lambda b: (-left[b], place[b]))
    return {branch_id: len(order) - i for i, branch_id in enumerate(order)}


def _remaining(plan: PhasePlan) -> dict[str, float]:
    """Longest path from the start of each branch to the end of the phase, itself included."""
    dependents: dict[str, list[str]] = {branch.id: [] for branch in plan}
    for branch in plan:
        for needed in branch.depends_on:
            dependents[needed].append(branch.id)
    left: dict[str, float] = {}
    for branch_id in TopologicalSorter(dependents).static_order():
        after = max((left[d] for d in dependents[branch_id]), default=0.0)
        left[branch_id] = _effort(plan.by_id[branch_id]) + after
    return left


def _effort(branch: Branch) -> float:
    """Estimated work: the estimate where there is one, else a second a line, so that it is never 0."""
    return float(branch.duration.high) if branch.duration else float(branch.lines or 1)
