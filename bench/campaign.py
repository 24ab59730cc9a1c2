"""Measure the whole campaign of include/plans in one run: wall time against its lower bound, and each phase's
opening."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import get_args

from bench.place import PLANS, Place, Status, at
from phaseplan.forecast.analysis import analyse
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan, Start
from provision.common import TOP


def measure() -> dict[str, float]:
    """Run all plans once in each start mode."""
    files = sorted(PLANS.glob("*.yaml"))
    plans = {loaded.plan.phase: loaded.plan for loaded in load_valid(files, TOP / "include/agents.yaml").plans}
    found: dict[str, float] = {}
    for start in get_args(Start):
        with tempfile.TemporaryDirectory() as folder:
            place = Place.make(folder)
            place.run(files, "--start", start)
            statuses = {phase: place.status(phase) for phase in plans}
        found |= {f"start: {start}, {key}": value for key, value in _figures(plans, statuses, start).items()}
    return found


def _figures(plans: Mapping[int, PhasePlan], statuses: Mapping[int, Status], start: str) -> dict[str, float]:
    """Compute the figures of one run; the bound is made of the agents' own time."""
    opened = {phase: at(status["run"]["opened"]) for phase, status in statuses.items()}
    begun = min(opened.values())
    wall = max(at(status["run"]["closed"]) for status in statuses.values()) - begun
    work = {b: float(s["agent_seconds"] or 0) for status in statuses.values() for b, s in status["branches"].items()}
    bound = lower_bound(plans, work, start)
    return {
        "branches integrated": float(sum(_in(status) for status in statuses.values())),
        "branches planned": float(len(work)),
        "wall s, first opening to last close": wall,
        "one agent after another s": sum(work.values()),
        "bound s: max(critical path, work / agents)": bound,
        "wall over the bound": wall / bound if bound else 0.0,
        **{f"phase {p} opened after s": opened[p] - begun for p in sorted(opened, key=opened.__getitem__)},
    }


def lower_bound(plans: Mapping[int, PhasePlan], work: Mapping[str, float], start: str) -> float:
    """Return seconds that no schedule of the campaign undercuts.

    The longest chain of phases, each with the bound of its own branches and agents; or all work over all agents.

    :param work: seconds by branch id.
    """
    ends: dict[int, float] = {}
    needs = {phase: [n for n in plan.depends_on if n in plans] for phase, plan in plans.items()}
    for phase in TopologicalSorter(needs).static_order():
        own = analyse(plans[phase], weights=work).bound[start]
        ends[phase] = own + max((ends[n] for n in needs[phase]), default=0.0)
    agents = sum(plan.max_parallel_agents for plan in plans.values())
    return max(max(ends.values()), sum(work.values()) / agents)


def _in(status: Status) -> int:
    return sum(branch["state"] == "integrated" for branch in status["branches"].values())
