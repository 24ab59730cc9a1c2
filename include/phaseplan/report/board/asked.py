"""Put together what the board shows of questions that wait for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phaseplan.ledger.approval.approvals import OPENING, WHOLE, approval
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import PhaseStatus


@dataclass(frozen=True)
class Choice:
    """Hold one answer: Airflow's word for it, and what it will do."""

    word: str
    does: str


@dataclass(frozen=True)
class Asked:
    """Hold one question.

    :param task: id of the Airflow task that asks.
    :param branches: ids and titles of what it is about; none at an opening.
    :param again: why the last answer could not be taken; empty: there was none.
    """

    point: str
    task: str
    since: str
    branches: tuple[tuple[str, str], ...]
    again: str
    choices: tuple[Choice, ...]


_AT_OPENING = (
    Choice("Approve", "Let the agents of this run begin?"),
    Choice("Do not begin", "End this run here? Nothing is built; the next run asks again."),
)


def asked(plan: PhasePlan, snapshot: Snapshot, status: PhaseStatus) -> tuple[Asked, ...]:
    """List the questions that wait."""
    return tuple(_asked(plan, snapshot, status))


def _asked(plan: PhasePlan, snapshot: Snapshot, status: PhaseStatus) -> Iterator[Asked]:
    for point, known in status.approvals.items():
        given = approval(snapshot, point)
        if known.state == "waiting" and given is not None:
            branches = tuple((b, plan.by_id[b].title) for b in plan.by_id if b in given.work)
            choices = _AT_OPENING if point == OPENING else _choices(point)
            yield Asked(point, known.task, known.since, branches, given.again, choices)


def _choices(point: str) -> tuple[Choice, ...]:
    onward = "The phase is complete then" if point == WHOLE else "The run goes on then"
    return (
        Choice("Approve", f"Approve {point} as it is? {onward}."),
        Choice(
            "Send back",
            "Have the chosen branches (none chosen: all of them) and what needs them built again in a new run? Their "
            "agents read your words.",
        ),
        Choice(
            "Isolate",
            "Take the chosen branches out by reverts, and approve the others? What needs them is blocked.",
        ),
    )
