"""Write a simulation for programs: version 1, times in seconds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from phaseplan.forecast.simulation.report import Report


def as_json(report: Report) -> dict[str, Any]:
    """Return one object; branches by phase and id."""
    return {
        "version": 1,
        "phases": [plan.phase for plan in report.work.plans],
        "taken_to_be_complete": list(report.missing),
        "start": report.question.start or [plan.start for plan in report.work.plans],
        "agents": {"total": report.agents.total, "crews": list(report.agents.crews),
                   "utilisation": [round(share, 4) for share in report.utilisation]},
        "critical_path": [{"phase": p, "branch": b} for p, b in report.critical_path],
        "critical_time": report.critical_time,
        "sequential": report.sequential,
        "makespan": report.schedule.makespan,
        "bound": report.bound,
        "makespan_by_start": dict(report.makespans),
        "bound_by_start": dict(report.bounds),
        "by_agents": [asdict(row) for row in report.rows],
        "enough": {mode: asdict(found) for mode, found in report.enough.items()},
        "branches": [_branch(report, number) for number in range(len(report.work.branches))],
        "sensitivity": [
            {**_name(report, s.branch), "slack": s.slack, "plus_tenth": s.tenth, "plus_hour": s.hour}
            for s in report.sensitivity
        ],
        "chance": {**asdict(report.chance), "distribution": "uniform, each branch by itself"},
        "cost": None if report.cost is None else asdict(report.cost),
        "claims": [asdict(claim) for claim in report.claims],
    }  # fmt: skip


def _name(report: Report, number: int) -> dict[str, Any]:
    plan = report.work.plans[report.work.plan_of[number]]
    return {"phase": plan.phase, "branch": report.work.branches[number].id}


def _branch(report: Report, number: int) -> dict[str, Any]:
    schedule, estimate = report.schedule, report.work.estimates[number]
    return {
        **_name(report, number),
        "estimate": asdict(estimate),
        "start": schedule.starts[number],
        "end": schedule.ends[number],
        "agent": schedule.agents[number],
        "slack": report.slack[number],
    }
