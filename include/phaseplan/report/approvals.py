"""Say at which points a phase waits for a person, and what became of each. Pure."""

from __future__ import annotations

from typing import Literal

from phaseplan.ledger.approval.approvals import approval, approved, points, state, task_of
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import Record
from phaseplan.ledger.snapshot import Snapshot


class ApprovalStatus(Record):
    """Describe one point. `not reached`: no question was asked in this run, and what is there is not approved."""

    state: Literal["not reached", "waiting", "approved", "sent back", "stopped", "unanswered"]
    task: str  # the Airflow task that asks
    words: str  # what became of it, in a sentence
    since: str = ""  # when a person was asked
    who: str = ""


def approvals_of(snapshot: Snapshot) -> dict[str, ApprovalStatus]:
    """Describe every point of the plan that the last run pinned, in order; none if it was never opened."""
    if isinstance(snapshot.opened, Unopened):
        return {}
    return {point: _status(snapshot, point) for point in points(snapshot.opened.plan)}


def _status(snapshot: Snapshot, point: str) -> ApprovalStatus:
    given, run = approval(snapshot, point), snapshot.require_open().run
    if approved(snapshot, point):
        words = given.sentence(point) if given and given.answer == "approved" else f"{point}: no agent begins"
        return ApprovalStatus(state="approved", task=task_of(point), words=words, who=given.who if given else "")
    words = state(snapshot, point)
    if given is None or given.answer == "approved" or (given.run != run.id and given.answer != "sent back"):
        return ApprovalStatus(state="not reached", task=task_of(point), words=words)
    known = given.answer or "waiting"
    return ApprovalStatus(state=known, task=task_of(point), words=words, since=given.asked, who=given.who)
