"""Make the addresses of our pages in this Airflow."""

from __future__ import annotations

from urllib.parse import quote

from airflow.configuration import conf

PREFIX = "/phaseplan"


def top() -> str:
    """Return the address that Airflow's pages begin with, without a slash at the end; empty if it is not configured."""
    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def page_url(dag_id: str, task_id: str) -> str:
    """Return the address of a task's page."""
    return f"{top()}{PREFIX}/dags/{quote(dag_id, safe='')}/tasks/{quote(task_id, safe='')}"


def board_url(phase: int | str, branch: str = "") -> str:
    """Return the address of a phase's board, at a branch; empty where this Airflow does not know its own address."""
    at = f"#b-{quote(branch, safe='')}" if branch else ""
    return f"{top()}{PREFIX}/board/phases/{phase}{at}" if top() else ""
