"""Link a branch's task to its page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow.configuration import conf
from airflow.sdk.bases.operatorlink import BaseOperatorLink

from phaseplan.airflow.operators.branch_build import BranchBuildOperator

PREFIX = "/phaseplan"


def top() -> str:
    """What Airflow's pages begin with, without a slash at the end."""
    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def page_url(dag_id: str, task_id: str) -> str:
    """Address of a task's page."""
    return f"{top()}{PREFIX}/dags/{quote(dag_id, safe='')}/tasks/{quote(task_id, safe='')}"


class _BranchLink(BaseOperatorLink):
    """A link of a branch's task; made from names alone, so that showing a task asks no repository."""

    operators = [BranchBuildOperator]
    name = ""
    where = ""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Address of the page."""
        return page_url(ti_key.dag_id, ti_key.task_id) + self.where


class DiffLink(_BranchLink):
    """What the newest attempt changes."""

    name = "Diff"
    where = "/diff"


class AttemptsLink(_BranchLink):
    """Every attempt with its verdict and findings."""

    name = "Attempts"
    where = "#attempts"


class ConflictsLink(_BranchLink):
    """Which other branches it would conflict with."""

    name = "Predicted conflicts"
    where = "#conflicts"


LINKS = [DiffLink(), AttemptsLink(), ConflictsLink()]
VIEWS = [
    {
        "name": "Branch",
        "href": f"{PREFIX}/dags/{{DAG_ID}}/tasks/{{TASK_ID}}?framed=1",
        "destination": "task_instance",
        "url_route": "phaseplan_branch",
    }
]
