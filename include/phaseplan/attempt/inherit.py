"""Take over an agent of a dead run: judge what it made, or follow it while it still runs.

Agents outlive the processes that started them. Where the next run would give the same task, their work is worth as
much as what that run would have built and pay for again (docs/decisions/023).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from phaseplan.attempt.ending import stopped_from_outside
from phaseplan.attempt.harvest import harvest, left_seconds
from phaseplan.attempt.inputs import same_task
from phaseplan.attempt.job import Done, Heard, Running, View
from phaseplan.attempt.judge import judge
from phaseplan.attempt.replay import rest
from phaseplan.containers.engine import Found, find
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.repository.objects import missing


def inherited(view: View, workspace: str) -> Found | None:
    """Find the agent of an earlier run that was given this very workspace and this very task, if there is one."""
    found = find(view.job.client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id, role="agent")
    begun = view.snapshot.started.get(view.branch.id, {})
    fit = [c for c in _of_other_runs(view, found) if begun[c.labels.attempt].base == workspace and worth(view, c)]
    return max(fit, key=lambda c: c.labels.attempt, default=None)


def take(view: View, container: Found) -> Running | Done:
    """Follow the agent, or judge what it has left. The verdict is this run's."""
    attempt = container.labels.attempt
    run = view.snapshot.started[view.branch.id][attempt].run
    if container.status == "running":
        view.job.say(f"Following container {container.id[:12]}, which run {run} started for the same task.")
        left, profile = left_seconds(view, container), view.profile
        limits = (profile.references, profile.gateway, profile.disk)
        return Running(container.id, "agent", left, *limits, engine=view.job.engine)
    view.job.say(f"The agent of attempt {attempt}, which run {run} started for the same task, has ended: it is judged.")
    told = view if view.job.heard else replace(view, job=replace(view.job, heard=Heard(container.id, 0)))
    rest(told, container)
    return judge(view, attempt, harvest(view, attempt, container))


def worth(view: View, container: Found) -> bool:
    """Say whether this run may take an agent over: it was not stopped, and its task is what it would be now.

    Its workspace is compared when the branch's own task has made one; here it has to hold the run's base.
    """
    if view.run.rebuild == "always" or not list(_of_other_runs(view, [container])):
        return False
    if container.cancelled or container.status == "created" or stopped_from_outside(view, container):
        return False
    claim = view.snapshot.started[view.branch.id][container.labels.attempt]
    repo, base = view.job.repo, claim.base
    if missing(repo, [base]) or not repo.is_ancestor(view.run.base, base):
        return False
    return same_task(view.inputs(base, schemes.readable(claim.inputs)), claim.inputs)


def _of_other_runs(view: View, found: Iterable[Found]) -> Iterable[Found]:
    """Yield agents whose attempt another run has started and that have no verdict. A Clear begins anew."""
    begun = view.snapshot.started.get(view.branch.id, {})
    judged = {v.attempt for v in view.verdicts}
    for container in found:
        claim = begun.get(container.labels.attempt)
        theirs = claim is not None and claim.claim == container.labels.claim and claim.run != view.run.id
        if theirs and container.labels.attempt not in judged:
            yield container
