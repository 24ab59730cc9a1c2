"""Create a missing pool when a run starts: Airflow leaves tasks of an unknown pool `scheduled` without a word."""

from __future__ import annotations

import logging
import re
from typing import Any

from airflow.listeners import hookimpl
from airflow.models.pool import Pool
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import object_session

log = logging.getLogger(__name__)

_OURS = re.compile(r"phaseplan_([0-9]+)_a([0-9]+)")


@hookimpl
def on_dag_run_running(dag_run: Any, msg: str) -> None:
    """Insert what is missing on the run's own session: no commit, no savepoint, no second connection."""
    session = object_session(dag_run)
    if session is None or dag_run.dag is None:
        return
    for name in {task.pool for task in dag_run.dag.tasks}:
        if match := _OURS.fullmatch(name or ""):
            session.execute(_insert(session.get_bind().dialect.name, name, int(match[1]), int(match[2])))


def _insert(dialect: str, name: str, phase: int, slots: int) -> Any:
    """INSERT that does nothing where the pool exists, in the database's own words."""
    values = {
        "pool": name,
        "slots": slots,
        "description": f"Agents of phase {phase}, made by Phaseplan",
        "include_deferred": True,
    }
    if dialect == "mysql":
        return mysql.insert(Pool).values(**values).prefix_with("IGNORE")
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(Pool).values(**values).on_conflict_do_nothing()
