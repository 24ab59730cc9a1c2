"""Sample plans for tests in which an Airflow with schedules unpauses them."""

from __future__ import annotations


def without_cron(plan: str) -> str:
    """A plan's text without its cron: Airflow runs a time that has just passed as soon as a DAG is unpaused.

    For `0 2 * * *` that is so from 02:00 to 04:24: a test would meet a run that it has not begun.
    """
    return "".join(line for line in plan.splitlines(keepends=True) if not line.startswith('schedule: "'))
