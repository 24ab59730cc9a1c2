"""Clean up after all tasks that no process follows any more, of a phase or of some waves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from phaseplan.attempt.clean_up import give_back
from phaseplan.attempt.harvest import put_away
from phaseplan.attempt.inherit import worth
from phaseplan.attempt.job import Job
from phaseplan.attempt.ready import look, selected
from phaseplan.containers.engine import Found, find, remove
from phaseplan.containers.gateways.gateway import close_found, orphans
from phaseplan.errors import Infrastructure
from phaseplan.gates.checkout import discard
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.run import check_token
from phaseplan.ledger.write import Snapshot, read


def sweep(
    job: Job,
    concerns: Callable[[str], bool] = lambda _: True,
    *,
    opening: bool = False,
    snapshot: Snapshot | None = None,
) -> Snapshot:
    """Stop and collect agents, and remove gates and collectors, of this ledger only; what agents did is kept.

    A trigger does this sooner when a user stops a task, and never when the task was stopped before the triggerer had
    begun to run it, or when a worker died on its last try.

    :param job: where and for whom; its branch and claim are not looked at.
    :param concerns: whether the container of a branch (or of what a wave calls itself) may go; the agent of a branch
        that the plan no longer has is left for a person to look at.
    :param opening: a run begins: agents that its own tasks may take over are left to them.
    :param snapshot: what was read just now.
    :return: the phase afterwards, read again where an agent was looked at.
    :raises Stale: another run holds the ledger.
    :raises Infrastructure: the engine or the repository does not answer.
    """
    snapshot = snapshot or read(job.repo, job.remote, job.phase)
    if isinstance(snapshot.opened, Unopened):
        return snapshot
    check_token(snapshot, job.token)
    # A list: every engine is swept, whatever was found on the first.
    changed = [_engine(each, snapshot, concerns, opening) for each in job.everywhere()]
    return read(job.repo, job.remote, job.phase) if any(changed) else snapshot


def _engine(job: Job, snapshot: Snapshot, concerns: Callable[[str], bool], opening: bool) -> bool:
    """Sweep one engine; return whether the phase may have changed by it."""
    opened = snapshot.require_open()
    every = find(job.client, ledger=opened.ledger.id, phase=job.phase)
    mine = [found for found in every if concerns(found.labels.branch)]
    for found in mine:  # first the helpers: a volume that one of them holds could not be removed
        if found.labels.role not in ("agent", "gateway"):
            remove(job.client, found.id, keep_volume=found.labels.role == "collector")  # the volume is the agent's
    for gateway in orphans(every):
        if concerns(gateway.labels.branch):
            close_found(job.client, gateway)
    discard(job.client, concerns, ledger=opened.ledger.id, phase=job.phase)
    agents = [f for f in mine if f.labels.role == "agent" and f.labels.branch in opened.plan.by_id]
    for found in agents:
        _agent(replace(job, branch_id=found.labels.branch, claim=found.labels.claim), found, opening)
    dead = _without_agent(snapshot, [f for f in every if f.labels.role == "agent"], opening)
    for branch, claim in dead.items():
        if concerns(branch):
            give_back(replace(job, branch_id=branch, claim=claim))
    return bool(agents or dead)


def _without_agent(snapshot: Snapshot, agents: list[Found], opening: bool) -> dict[str, str]:
    """Return the claims, by branch, that hold a part of a shared budget and have no agent any more."""
    opened = snapshot.require_open()
    if opened.plan.budget is None:
        return {}
    newest = {b: claims[max(claims)] for b, claims in snapshot.started.items() if b in opened.plan.by_id}
    there = {(found.labels.branch, found.labels.claim) for found in agents}
    return {
        b: c.claim
        for b, c in newest.items()
        if c.allowance and (b, c.claim) not in there and not (opening and c.run == opened.run.id)
    }


def _agent(job: Job, found: Found, opening: bool) -> None:
    try:
        view = look(job)
        if opening and selected(view) and worth(view, found):
            job.say(f"{job.branch_id}: container {found.id[:12]} of claim {job.claim} is left for its branch's task.")
            return
        job.say(f"{job.branch_id}: container {found.id[:12]} of claim {job.claim} is put away.")
        put_away(view, found)
    except Infrastructure as error:
        job.say(f"{job.branch_id}: container {found.id[:12]} cannot be collected now and is left as it is: {error}")
