"""Make every name that a plan has in Airflow, and read such names back."""

from __future__ import annotations

import re
from typing import NamedTuple

from phaseplan.plan import task_names
from phaseplan.plan.model import PhasePlan

OPEN = "open_phase"
CLOSE = "close_phase"
DELIVER = "deliver"
NOTE = "note"  # XCom of close_phase and deliver: the text of the run's note
BY_DEPENDENCIES = "start_by_dependencies"
AGAIN = "build_again"  # begins the run in which work that was sent back is built again

group_id, branch_task, branch_task_id = task_names.group, task_names.label, task_names.task_id
integrate_task = task_names.integrate
_DAG = re.compile(r"phase_([0-9]{2,9})")
_POOL = re.compile(r"phaseplan_([0-9]{1,9})_a([0-9]{1,9})")


class Pool(NamedTuple):
    """Hold the parts of a pool's name."""

    phase: int
    slots: int


def dag_id(phase: int) -> str:
    """Name the DAG of a phase: `phase_05`."""
    return f"phase_{phase:02d}"


def phase_of(dag_id_: str) -> int | None:
    """Return the phase of a DAG, the inverse of `dag_id`; None for any other spelling, such as `phase_005`."""
    match = _DAG.fullmatch(dag_id_)
    return int(match[1]) if match and dag_id(int(match[1])) == dag_id_ else None


def await_task(phase: int) -> str:
    """Name the task that waits for another phase."""
    return f"await_phase_{phase:02d}"


def pool(plan: PhasePlan) -> str:
    """Name the pool that bounds the agents of a plan; its size is in its name, so a new size is a new pool."""
    return f"phaseplan_{plan.phase}_a{plan.max_parallel_agents}"


def pool_of(name: str) -> Pool | None:
    """Return the parts of a pool's name, the inverse of `pool`; None if the pool is not ours."""
    match = _POOL.fullmatch(name)
    return Pool(int(match[1]), int(match[2])) if match else None
