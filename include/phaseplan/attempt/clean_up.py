"""Clean up after a task that is over; calling it twice, late or from another machine does no harm."""

from __future__ import annotations

from dataclasses import replace

from phaseplan.attempt import publish
from phaseplan.attempt.harvest import of_attempt, of_nothing, put_away
from phaseplan.attempt.job import Job, View
from phaseplan.attempt.ready import look
from phaseplan.containers.engine import find, remove
from phaseplan.containers.gateways.gateway import close_found, orphans
from phaseplan.containers.identity import engine_of
from phaseplan.errors import Stale
from phaseplan.gates.checkout import discard
from phaseplan.ledger.money.usage import Usage
from phaseplan.merging.reconcile import reconcile


def settle(job: Job, *, over: bool) -> None:
    """Settle one branch for one claim. Settling twice is settling once; another claim's container is never touched.

    :param over: whether no try of this claim follows. Then its agent is stopped, the work kept, and the attempt
        closed as `unfinished`, which fences a worker that still runs: results are created once. Otherwise the agent
        goes on, because the next try follows it, and only a collector without a task is removed.
    """
    try:
        view = look(job)
    except Stale as stale:
        job.say(f"Nothing to settle: {stale}")
        return
    for each in job.everywhere():
        _containers(each, view, over)
    if over:
        reconcile(job.repo, job.remote, job.phase, token=job.token)  # withdraws what is isolated now


def _containers(job: Job, view: View, over: bool) -> None:
    """Settle what one engine has of the branch."""
    found = find(job.client, ledger=view.ledger.id, phase=job.phase, branch=job.branch_id)
    for container in found:
        if container.labels.claim != job.claim or container.labels.role == "gateway":  # that goes with its agent
            continue
        if container.labels.role == "agent" and over:
            put_away(look(job), container, "unfinished")
        elif container.labels.role == "collector" or over:
            remove(job.client, container.id, keep_volume=container.labels.role == "collector")  # the agent's workspace
    if over:
        for gateway in orphans(found):
            if gateway.labels.claim == job.claim:
                close_found(job.client, gateway)
        if view.plan.budget:
            give_back(job)
        discard(job.client, ledger=view.ledger.id, phase=job.phase, branch=job.branch_id, claim=job.claim)


def give_back(job: Job) -> None:
    """Close an attempt of this claim that has reserved from a shared budget and has no agent: it will use nothing.

    What is on another engine is left to a worker there (`attempt.elsewhere`).
    """
    view = look(job)
    begun = view.snapshot.started.get(job.branch_id, {})
    number = max(begun, default=0)
    if not number or begun[number].claim != job.claim or begun[number].allowance is None:
        return
    elsewhere = begun[number].engine not in ("", engine_of(job.client).id)
    if not elsewhere and all(verdict.attempt != number for verdict in view.verdicts):
        nothing = replace(of_nothing(view, number), usage=Usage())
        publish.over(view, number, job.claim, of_attempt(view, number) or nothing, "unfinished")
