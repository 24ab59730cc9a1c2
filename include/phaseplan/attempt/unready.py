"""Record an attempt whose workspace cannot be made, without starting an agent."""

from __future__ import annotations

from collections.abc import Sequence

from phaseplan.attempt import publish
from phaseplan.attempt.harvested import Harvest
from phaseplan.attempt.job import Done, View
from phaseplan.attempt.ready import look
from phaseplan.ledger.attempt_refs import NewAttempt, claim_attempt
from phaseplan.ledger.records import Finding


class NoWorkspace(Exception):
    """The work that a branch builds on cannot be put together. Never leaves the build."""

    def __init__(self, reason: str, findings: Sequence[Finding] = ()) -> None:
        self.reason, self.findings = reason, tuple(findings)
        super().__init__(reason)


def blocked(view: View, attempt: int | None, why: NoWorkspace) -> Done:
    """Close an attempt as blocked without an agent; it consumes nothing of the budget.

    A branch's task writes nothing but refs of its own, so what it has to say needs a number like any other attempt.

    :param attempt: the number that this claim has already.
    """
    job = view.job
    if attempt is None:
        new = NewAttempt(view.plan.phase, view.branch, view.run.base, job.claim, view.run.id)
        attempt = claim_attempt(job.repo, job.remote, new)
        view = look(job)
    base = view.snapshot.started[view.branch.id][attempt].base
    nothing = Harvest(base=base, raw=base, collected=False, withheld=True)
    return publish.verdict(view, attempt, nothing, outcome="blocked", reason=why.reason, findings=why.findings)
