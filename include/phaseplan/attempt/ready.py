"""Decide from ledger and results whether a branch may start; task states do not count."""

from __future__ import annotations

from phaseplan.attempt.job import Job, NotReady, View
from phaseplan.ledger.approval.approvals import check_approved
from phaseplan.ledger.blocked import need
from phaseplan.ledger.run import check_token, reached
from phaseplan.ledger.write import read


def look(job: Job) -> View:
    """Read the refs once, and of what others said only what this branch asks for.

    :raises Stale: another run holds the ledger.
    """
    snapshot = read(job.repo, job.remote, job.phase, logs=False)
    opened = check_token(snapshot, job.token)
    job.looked(snapshot)
    return View(job, snapshot, opened.ledger, opened.run, opened.plan, opened.plan.by_id[job.branch_id])


def selected(view: View) -> bool:
    """Say whether this run is about the branch at all."""
    return not view.run.branches or view.branch.id in view.run.branches


def check_ready(view: View) -> None:
    """Check that the branch may be built now.

    :raises WaveNotReached: in `start: wave`, this run has not integrated the wave before.
    :raises NotApproved: a person has to approve what comes before.
    :raises NotReady: a dependency is not in.
    """
    if view.run.start == "wave":
        reached(view.snapshot, view.plan.wave_of[view.branch.id])
    check_approved(view.snapshot, view.plan.wave_of[view.branch.id])
    needed = view.snapshot.not_ready(view.branch.id)
    if needed is not None:
        raise NotReady(blocked_by(view, needed))


def blocked_by(view: View, needed: str) -> str:
    """Explain why a branch cannot start, in the words of the document."""
    reason = need(view.plan, view.snapshot.folded().branches, needed)
    return f"{view.branch.id} is blocked: {reason[0].lower()}{reason[1:]}"
