"""Every Airflow name that a plan gives rise to."""

from __future__ import annotations

import re

from include.phaseplan.plan.model import Branch, PhasePlan

OPEN = "open_phase"
CLOSE = "close_phase"
NOTE = "note"  # XCom of close_phase: what the run's note is to say
BY_DEPENDENCIES = "start_by_dependencies"

_DAG = re.compile(r"phase_([0-9]{2,9})")


def dag_id(phase: int) -> str:
    """DAG of a phase: `phase_05`."""
    return f"phase_{phase:02d}"


def phase_of(dag_id_: str) -> int | None:
    """Return the phase of a DAG, the inverse of `dag_id`; None for any other spelling, such as `phase_005`."""
    match = _DAG.fullmatch(dag_id_)
    return int(match[1]) if match and dag_id(int(match[1])) == dag_id_ else None


def group_id(wave: int) -> str:
    """Task group of a wave."""
    return f"wave_{wave}"


def branch_task(branch: Branch) -> str:
    """Label of a branch's task in its group: `5-1-1_synctarget-api` (a dot would end the group's prefix)."""
    return f"{branch.id.replace('.', '-')}_{branch.slug}"


def branch_task_id(plan: PhasePlan, branch_id: str) -> str:
    """Full task id: `wave_1.5-1-1_synctarget-api`."""
    return f"{group_id(plan.wave_of[branch_id])}.{branch_task(plan.by_id[branch_id])}"


def await_task(phase: int) -> str:
    """Task that waits for another phase."""
    return f"await_phase_{phase:02d}"


def pool(plan: PhasePlan) -> str:
    """Pool that bounds the agents of a plan; its size is in its name, so a new size is a new pool."""
    return f"phaseplan_{plan.phase}_a{plan.max_parallel_agents}"
