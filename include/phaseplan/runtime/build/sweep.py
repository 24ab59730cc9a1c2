"""What dead runs left on the engine: put away when a new run opens the phase, and nothing of another ledger."""

from __future__ import annotations

from dataclasses import replace

from include.phaseplan.runtime.build.harvest import settle
from include.phaseplan.runtime.build.job import Job
from include.phaseplan.runtime.build.ready import look
from include.phaseplan.runtime.engine import find, remove
from include.phaseplan.runtime.ledger import read


def sweep(job: Job) -> None:
    """Put away every container of the phase that an earlier epoch made; its work is kept.

    Called by whoever has just opened a new epoch, so nothing of this epoch's own can be running yet. The agent of a
    branch that the plan no longer has is left for a person to look at.

    :param job: where and for whom; its branch and claim are not looked at.
    :raises Infrastructure: the engine or the repository does not answer.
    """
    snapshot = read(job.repo, job.remote, job.phase)
    if snapshot.ledger is None or snapshot.pinned is None:
        return
    containers = find(job.client, ledger=snapshot.ledger.id, phase=job.phase)
    for found in containers:  # first the helpers: a volume that one of them holds could not be removed
        if found.labels.role != "agent":
            remove(job.client, found.id, keep_volume=found.labels.role == "collector")  # the volume is the agent's
    for found in containers:
        if found.labels.role == "agent" and found.labels.branch in snapshot.pinned.plan.by_id:
            job.say(f"{found.labels.branch}: container {found.id[:12]} of claim {found.labels.claim} is put away.")
            settle(look(replace(job, branch_id=found.labels.branch, claim=found.labels.claim)), found)
