"""Write the outcome of a run into its note: a task cannot, because the Execution API has no route for it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.listeners import hookimpl
from airflow.models.dagrun import DagRunNote
from airflow.models.xcom import XComModel
from sqlalchemy import select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import object_session

from phaseplan.ledger.run_note import with_delivery, with_note
from phaseplan.plan import names

log = logging.getLogger(__name__)

_TAG = "phaseplan"


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:
    """Write the note of a run whose selected branches are all in."""
    _write(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:
    """Write the note of a run with branches left out; a run that never opened has none to write."""
    _write(dag_run)


def _write(dag_run: Any) -> None:
    """Set the note on the run's own session: no commit, no savepoint, no second connection."""
    session = object_session(dag_run)
    if session is None or dag_run.dag is None or _TAG not in dag_run.dag.tags:
        return
    closing, delivery = (_words(session, dag_run, task) for task in (names.CLOSE, names.DELIVER))
    if not closing:
        return
    words = with_delivery(closing, delivery)
    before = session.scalar(select(DagRunNote.content).where(DagRunNote.dag_run_id == dag_run.id))
    now = datetime.now(UTC)
    text = with_note(before or "", words)
    session.execute(_upsert(session.get_bind().dialect.name, dag_run.id, text, now))


def _words(session: Any, dag_run: Any, task: str) -> str:
    """Return what a task has handed out for the note."""
    value = session.scalar(
        select(XComModel.value).where(
            XComModel.dag_id == dag_run.dag_id,
            XComModel.run_id == dag_run.run_id,
            XComModel.task_id == task,
            XComModel.key == names.NOTE,
        )
    )
    return value if isinstance(value, str) else ""


def _upsert(dialect: str, dag_run_id: int, content: str, now: datetime) -> Any:
    """Build one statement that makes or changes the note, in the database's dialect; its first author stays."""
    values = {"dag_run_id": dag_run_id, "content": content, "created_at": now, "updated_at": now}
    changes = {"content": content, "updated_at": now}
    if dialect == "mysql":
        return mysql.insert(DagRunNote).values(**values).on_duplicate_key_update(**changes)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(DagRunNote).values(**values).on_conflict_do_update(index_elements=["dag_run_id"], set_=changes)
