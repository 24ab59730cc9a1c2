"""Make the Airflow task name of a branch from its id and its git name, in characters Airflow allows."""

from __future__ import annotations

import hashlib
import re

from phaseplan.plan.model import Branch, PhasePlan

_STRANGE = re.compile(r"[^\w.-]+")  # what Airflow refuses in a task id
#: Bytes of the part after the id. With `wave_N.`, an id of 64 and `task_id=` before it, it is the name of a log's
#: folder, for which file systems have 255 bytes.
LONGEST = 120


def group(wave: int) -> str:
    """Name the task group of a wave."""
    return f"wave_{wave}"


def integrate(wave: int) -> str:
    """Name the task that integrates a wave: `wave_1.integrate`."""
    return f"{group(wave)}.integrate"


def label(branch: Branch) -> str:
    """Name a branch's task in its group: `5-1-1_synctarget-api` (a dot would end the group's prefix)."""
    return f"{branch.id.replace('.', '-')}_{_tail(branch)}"


def task_id(plan: PhasePlan, branch_id: str) -> str:
    """Name a branch's task in its DAG: `wave_1.5-1-1_synctarget-api`."""
    return f"{group(plan.wave_of[branch_id])}.{label(plan.by_id[branch_id])}"


def _tail(branch: Branch) -> str:
    """Return the last part of the git name, unchanged if Airflow allows it.

    Else what can be read of it, and a few digits that belong to the whole name: `a+b` and `a@b` stay two tasks.
    """
    slug = branch.slug
    if _STRANGE.search(slug) is None and len(slug.encode()) <= LONGEST:
        return slug
    readable = _STRANGE.sub("-", slug).strip("-.")
    digits = hashlib.sha256(branch.branch.encode()).hexdigest()[:8]
    shown = readable.encode()[: LONGEST - 9].decode(errors="ignore").rstrip("-.")
    return f"{shown}_{digits}" if shown else digits
