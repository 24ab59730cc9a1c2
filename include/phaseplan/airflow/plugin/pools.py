"""Create a missing pool when a run starts: Airflow leaves tasks of an unknown pool `scheduled` without a word."""

from __future__ import annotations

import logging
from typing import Any

from airflow.listeners import hookimpl
from airflow.models.pool import Pool
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import object_session

from phaseplan.plan.names import pool_of

log = logging.getLogger(__name__)


@hookimpl
def on_dag_run_running(dag_run: Any, msg: str) -> None:
    """Insert what is missing on the run's own session: no commit, no savepoint, no second connection."""
    session = object_session(dag_run)
    if session is None or dag_run.dag is None:
        return
    for name in {task.pool for task in dag_run.dag.tasks}:
        if pool := pool_of(name or ""):
            session.execute(_insert(session.get_bind().dialect.name, name, pool.phase, pool.slots))


def _insert(dialect: str, name: str, phase: int, slots: int) -> Any:
    """Build an INSERT that does nothing if the pool exists, in the database's dialect."""
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
