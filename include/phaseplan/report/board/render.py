"""Render the board: whole pages, and the part of them that is exchanged when something moves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from phaseplan.merging.predicted_conflicts import EarlyWarning
from phaseplan.plan import names
from phaseplan.report.board import buttons
from phaseplan.report.board.campaign import Campaign
from phaseplan.report.board.looks import look_of
from phaseplan.report.board.phase import PhaseBoard
from phaseplan.report.html import environment, headers
from phaseplan.report.pages.look import Look
from phaseplan.report.pages.render import FINDINGS, Links

_HERE = Path(__file__).parent
_STYLE = (_HERE.parent / "pages/style.css").read_text() + (_HERE / "board.css").read_text()
_SCRIPT = (_HERE / "board.js").read_text()
_LONGEST = 300  # characters of one line why
_OUT = 12  # branches that are out, named above all waves

HEADERS = headers(_STYLE, _SCRIPT)
_PAGES = environment([_HERE, _HERE.parent / "pages"], _STYLE)
_PAGES.globals.update(script=Markup(_SCRIPT), longest=_LONGEST, findings=FINDINGS, most_out=_OUT, ask=buttons)
_PAGES.globals.update(look_of=look_of)


@dataclass(frozen=True)
class Rights:
    """Hold what a viewer may do to a phase; what is not allowed is not offered."""

    trigger: bool = False
    pause: bool = False
    clear: bool = False
    answer: bool = False


@dataclass(frozen=True)
class Frame:
    """Hold where a page is.

    :param top: address that Airflow's own pages begin with, without a slash at the end.
    :param board: address of the board.
    """

    top: str
    board: str
    stamp: str


def campaign_page(campaign: Campaign, frame: Frame, *, part: bool = False) -> str:
    """Render all phases.

    :param part: only what changes.
    """
    return _PAGES.get_template("campaign.html" if part else "campaign_page.html").render(c=campaign, frame=frame)


def phase_page(board: PhaseBoard, frame: Frame, rights: Rights, paused: bool, *, part: bool = False) -> str:
    """Render one phase.

    :param paused: Airflow starts no run of it.
    """
    name = "phase.html" if part else "phase_page.html"
    return _PAGES.get_template(name).render(b=board, frame=frame, rights=rights, paused=paused)


def branch_page(look: Look, frame: Frame, rights: Rights, links: Links, *, part: bool = False) -> str:
    """Render one branch: its page, with what a viewer may do about it, and the end of its log.

    :param look: at a task that builds a branch.
    """
    assert look.branch is not None
    name, own = "branch_part.html" if part else "branch_page.html", look.branch.branch.id
    facts: dict[str, Any] = {"look": look, "plan": look.plan, "status": look.status, "links": links, "at": look.branch}
    facts |= {
        "dag": names.dag_id(look.plan.phase),
        "run": look.status.run,
        "task": names.branch_task_id(look.plan, own),
    }
    return _PAGES.get_template(name).render(**facts, frame=frame, rights=rights)


def conflicts_part(warnings: tuple[EarlyWarning, ...]) -> str:
    """Render the predicted conflicts as a matrix of branches."""
    ids = sorted({branch for warning in warnings for branch in warning.branches})
    paths = {frozenset(warning.branches): warning.paths for warning in warnings}
    return _PAGES.get_template("conflicts.html").render(ids=ids, paths=paths, pair=lambda a, b: frozenset((a, b)))


def problem_page(title: str, text: str) -> str:
    """Render a page that says why there is no board; it tries again by itself."""
    return _PAGES.get_template("problem_page.html").render(title=title, text=text)
