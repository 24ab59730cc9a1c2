"""Link a branch's task to its page."""

from __future__ import annotations

from typing import Any

from airflow.sdk.bases.operatorlink import BaseOperatorLink

from phaseplan.airflow.addresses import PREFIX, page_url
from phaseplan.airflow.operators.branch_build import BranchBuildOperator


class _BranchLink(BaseOperatorLink):
    """Link a branch's task to its page, by names alone: showing a task asks no repository."""

    operators = [BranchBuildOperator]
    name = ""
    where = ""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the page."""
        return page_url(ti_key.dag_id, ti_key.task_id) + self.where


class DiffLink(_BranchLink):
    """Link to the changes of the newest attempt."""

    name = "Diff"
    where = "/diff"


class AttemptsLink(_BranchLink):
    """Link to every attempt with its verdict and findings."""

    name = "Attempts"
    where = "#attempts"


class ConflictsLink(_BranchLink):
    """Link to the branches it would conflict with."""

    name = "Predicted conflicts"
    where = "#conflicts"


LINKS = [DiffLink(), AttemptsLink(), ConflictsLink()]
VIEWS = [
    {
        "name": "Branch",
        "href": f"{PREFIX}/dags/{{DAG_ID}}/tasks/{{TASK_ID}}?framed=1",
        "destination": "task_instance",
        "url_route": "phaseplan_branch",
    },
    {"name": "Phaseplan", "href": f"{PREFIX}/board", "destination": "nav", "url_route": "phaseplan"},
]
