"""Render pages as HTML in which everything is escaped, nothing comes from another host and nothing runs."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from phaseplan.ledger.money.usage import spent_of
from phaseplan.ledger.run_note import WORDS
from phaseplan.plan.model import PhasePlan
from phaseplan.report.pages.look import Look, TaskOf
from phaseplan.text.clean import clean

_HERE = Path(__file__).parent
_STYLE = (_HERE / "style.css").read_text()
_LONGEST = 4000  # characters of one finding
_FINDINGS = 20  # of one attempt

#: No script, no picture, no font, no form, nothing from anywhere; our one style by its digest; framed by Airflow only.
POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Links:
    """Make addresses of pages, relative to the page itself.

    :param task_of: the Airflow task of a branch, which its page is named after.
    :param airflow: of the DAG in Airflow's own pages.
    :param framed: the page is shown inside Airflow's, where nothing may open another window.
    """

    task_of: TaskOf
    airflow: str
    framed: bool = False

    def to(self, plan: PhasePlan, branch_id: str) -> str:
        """Return the address of another branch's page, from a page of the same phase."""
        return quote(self.task_of(plan, branch_id)) + ("?framed=1" if self.framed else "")


def _shown(text: object, longest: int | None = None) -> str:
    """Return text without control and direction characters; tabs and line ends stay."""
    whole = "\n".join("\t".join(map(clean, line.split("\t"))) for line in str(text).split("\n"))
    return whole if longest is None or len(whole) <= longest else f"{whole[:longest]}\n… and more, in the task's log"


def _time(text: str) -> str:
    return text[:16].replace("T", " ")


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, left_over = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left_over:02}" if hours else f"{minutes}:{left_over:02}"


def _pages() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _shown(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
    )
    environment.filters.update(time=_time, span=_span, shown=_shown)
    environment.globals.update(style=Markup(_STYLE), words=WORDS, spent_of=spent_of)
    environment.globals.update(findings=_FINDINGS, longest=_LONGEST)
    return environment


_PAGES = _pages()


def page(look: Look, links: Links) -> str:
    """Render the page of a branch; the page of the phase if the task builds no branch."""
    name = "branch.html" if look.branch else "phase.html"
    facts: dict[str, Any] = {"look": look, "plan": look.plan, "status": look.status, "links": links}
    return _PAGES.get_template(name).render(**facts, at=look.branch)


def problem(title: str, text: str) -> str:
    """Render a page that explains why there is no page."""
    return _PAGES.get_template("problem.html").render(title=title, text=text)
