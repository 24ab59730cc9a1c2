"""Decide what has to be approved, and whether it is. Pure.

An approval is of commits: it holds as long as everything that is integrated there is among what was approved. So a
night that changes nothing asks no one, a branch that is taken out needs no new approval, and new work does.
"""

from __future__ import annotations

from phaseplan.errors import PhaseplanError
from phaseplan.ledger.approval.answers import Approval
from phaseplan.ledger.records import State
from phaseplan.ledger.run import selection
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan

OPENING, WHOLE = "the opening", "the phase"


class NotApproved(PhaseplanError):
    """A person has to approve first; nothing was touched."""


def of_wave(number: int) -> str:
    """Name the point after a wave."""
    return f"wave {number}"


def task_of(point: str) -> str:
    """Name the Airflow task that asks: `wave_1.approve`."""
    known = {OPENING: "approve_open", WHOLE: "approve_phase"}
    return known.get(point) or f"{point.replace(' ', '_')}.approve"


def points(plan: PhasePlan) -> tuple[str, ...]:
    """List the points at which a plan waits for a person, in the order in which they are reached."""
    at = plan.approve.at if plan.approve else ()
    waves = [of_wave(wave.wave) for wave in plan.waves] if "wave" in at else []
    return (*([OPENING] if "open" in at else []), *waves, *([WHOLE] if "phase" in at else []))


def members(plan: PhasePlan, point: str) -> tuple[str, ...]:
    """List the branches that a question is about."""
    return tuple(b.id for b in plan if point in (OPENING, WHOLE, of_wave(plan.wave_of[b.id])))


def work(snapshot: Snapshot, point: str) -> dict[str, str]:
    """Return what is to be approved: the judged commit of each integrated branch. An opening has none."""
    if point == OPENING:
        return {}
    records = {b: snapshot.stored(b) for b in members(snapshot.require_open().plan, point)}
    return {
        b: record.commit or ""
        for b, record in records.items()
        if record is not None and record.state is State.INTEGRATED
    }


def approval(snapshot: Snapshot, point: str) -> Approval | None:
    """Return the newest question at a point, of whichever run."""
    return snapshot.opened.ledger.approvals.get(point) if snapshot.opened.ledger else None


def approved(snapshot: Snapshot, point: str) -> bool:
    """Say whether a point may be passed: it is approved, and nothing is there that was not."""
    opened = snapshot.require_open()
    if point == OPENING and all(snapshot.state(b) is State.INTEGRATED for b in selection(opened.plan, opened.run)):
        return True  # no agent begins
    given = approval(snapshot, point)
    if given is None or given.answer != "approved":
        return False
    present = work(snapshot, point)
    return present.items() <= given.work.items() and (bool(present) or given.run == opened.run.id)


def missing(snapshot: Snapshot) -> tuple[str, ...]:
    """List the points of the phase that are not approved, in order; the opening counts only while something is out."""
    return tuple(point for point in points(snapshot.require_open().plan) if not approved(snapshot, point))


def check_approved(snapshot: Snapshot, wave: int) -> None:
    """Check that a person has approved what a wave builds on.

    What stands before the wave before was approved, or that wave was not asked about.

    :raises NotApproved: it is not approved; the message says what became of the question.
    """
    plan = snapshot.require_open().plan
    wanted = points(plan)
    earlier = [of_wave(w.wave) for w in plan.waves if w.wave < wave][-1:]
    for point in (OPENING, *earlier):
        if point in wanted and not approved(snapshot, point):
            raise NotApproved(f"wave {wave} does not begin: {state(snapshot, point)}")


def state(snapshot: Snapshot, point: str) -> str:
    """Say what became of a point that is not approved, and the next step."""
    given, run = approval(snapshot, point), snapshot.require_open().run
    if given is None or (given.run != run.id and given.answer != "sent back"):
        return f"{point} is not approved yet; {task_of(point)} asks for that"
    if given.answer == "":
        return f"{given.sentence(point)}; answer it at {task_of(point)}, on the board, or by `phaseplan approve`"
    if given.answer == "approved":
        return f"{point} has work now that nobody has approved; Clear {task_of(point)} with Downstream on"
    if given.answer == "sent back" and given.run == run.id:
        return f"{given.sentence(point)}. The next run builds it again with these words"
    return f"{given.sentence(point)}. Next: Clear {task_of(point)} with Downstream on, which asks again"
