"""Compute priority weights: absolute and unique, critical path first, then plan order."""

from __future__ import annotations

from phaseplan.forecast.analysis import estimates
from phaseplan.plan.graph import urgency
from phaseplan.plan.model import PhasePlan


def weights(plan: PhasePlan, start: str | None = None) -> dict[str, int]:
    """Return the weight of each branch id: the most urgent gets the largest. `simulate` uses the same order.

    :param start: the start mode that runs will have; None: the plan's.
    """
    order = urgency(plan, estimates(plan), start or plan.start)
    return {branch_id: len(order) - i for i, branch_id in enumerate(order)}
