"""Render pages as HTML in which everything is escaped, nothing comes from another host and nothing runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from phaseplan.plan.model import PhasePlan
from phaseplan.report.html import environment, headers
from phaseplan.report.pages.look import Look, TaskOf

_HERE = Path(__file__).parent
_STYLE = (_HERE / "style.css").read_text()
_LONGEST = 4000  # characters of one finding
FINDINGS = 20  # of one attempt

HEADERS = headers(_STYLE)


@dataclass(frozen=True)
class Links:
    """Make addresses of pages, relative to the page itself.

    :param task_of: the Airflow task of a branch, which its page is named after.
    :param airflow: of the DAG in Airflow's own pages.
    :param framed: the page is shown inside Airflow's, where nothing may open another window.
    :param by_id: pages are named after the branch instead: those of the board.
    """

    task_of: TaskOf
    airflow: str
    framed: bool = False
    by_id: bool = False

    def to(self, plan: PhasePlan, branch_id: str) -> str:
        """Return the address of another branch's page, from a page of the same phase."""
        if self.by_id:
            return quote(branch_id, safe="")
        return quote(self.task_of(plan, branch_id)) + ("?framed=1" if self.framed else "")


_PAGES = environment([_HERE], _STYLE)
_PAGES.globals.update(findings=FINDINGS, longest=_LONGEST)


def page(look: Look, links: Links) -> str:
    """Render the page of a branch; the page of the phase if the task builds no branch."""
    name = "branch.html" if look.branch else "phase.html"
    facts: dict[str, Any] = {"look": look, "plan": look.plan, "status": look.status, "links": links}
    return _PAGES.get_template(name).render(**facts, at=look.branch)


def problem(title: str, text: str) -> str:
    """Render a page that explains why there is no page."""
    return _PAGES.get_template("problem.html").render(title=title, text=text)
