"""Carry one branch on from wherever it is; labels and refs say how far it got, after any crash."""

from __future__ import annotations

from phaseplan.attempt import start
from phaseplan.attempt.elsewhere import only_here
from phaseplan.attempt.harvest import harvest, left_seconds, of_attempt, stop_foreign
from phaseplan.attempt.harvested import Harvest
from phaseplan.attempt.job import Again, Done, Job, NotReady, Running, Untouched, View
from phaseplan.attempt.judge import judge
from phaseplan.attempt.previous import kept
from phaseplan.attempt.publish import conclude
from phaseplan.attempt.ready import check_ready, look, selected
from phaseplan.attempt.replay import rest
from phaseplan.containers.engine import Found, find
from phaseplan.containers.gateways.watch import answers
from phaseplan.ledger.money.budgets import BudgetSpent
from phaseplan.ledger.pause.pauses import Ended, Pause, stands
from phaseplan.ledger.pause.pausing import EndReport
from phaseplan.ledger.records import Verdict
from phaseplan.ledger.rulings import follows
from phaseplan.ledger.run import WaveNotReached
from phaseplan.ledger.status_log import status_line


def step(job: Job) -> Running | Again | Done | Untouched:
    """Go as far as this process can without waiting long: at most to the end of one attempt.

    :raises NotReady, WaveNotReached: a dependency or the previous wave is not in.
    :raises BudgetSpent: nothing is left of a budget that it shares.
    :raises Stale: another run holds the ledger.
    :raises Infrastructure: worth another Airflow try; the next step goes on from here.
    """
    view = look(job)
    if not selected(view):
        return Untouched()
    view = only_here(view)
    attempt = own_attempt(view)
    if attempt is None:
        if verdict := kept(view):
            job.say(_stays(view, verdict))
            return Done(verdict, reused=True)
    elif (verdict := _verdict(view, attempt)) is None:
        return _next(view, _go_on(view, attempt))
    elif not follows(view.verdicts, job.claim, view.plan.attempts):
        return conclude(view, verdict)
    try:
        check_ready(view)
        return _next(view, start.begin(view))
    except (NotReady, WaveNotReached):
        if attempt is None:
            stop_foreign(view)
        raise
    except BudgetSpent as spent:
        if not view.verdicts or view.verdicts[-1].claim != job.claim or view.verdicts[-1].outcome != "failed":
            raise
        job.say(f"No attempt follows: {spent}.")
        return conclude(view, view.verdicts[-1])


def _next(view: View, came: Running | Done) -> Running | Again | Done:
    """Return `Again` if another attempt is due at once: one failed while the budget lasts."""
    if isinstance(came, Running) or came.verdict.outcome != "failed" or came.reused:
        return came
    if not follows((*view.verdicts, came.verdict), view.job.claim, view.plan.attempts):
        return came
    view.job.say(f"Attempt {came.verdict.attempt} failed; the next of {view.plan.attempts} attempts begins.")
    return Again(came.verdict)


def _stays(view: View, verdict: Verdict) -> str:
    """Explain why nothing is built, with the reason of the run's decision."""
    due = view.run.due.get(view.branch.id)
    what = "gated again" if due and due.kind == "gate" else "reused"
    why = f": {due.why}" if due and due.why else ""
    return f"{view.branch.id} is integrated already (attempt {verdict.attempt}) and {what}{why}; nothing to build."


def own_attempt(view: View) -> int | None:
    """Find the newest attempt that this claim started, or took over and judged, from the refs alone."""
    begun = view.snapshot.started.get(view.branch.id, {})
    mine = {number for number, claim in begun.items() if claim.claim == view.job.claim}
    return max(mine | {v.attempt for v in view.verdicts if v.claim == view.job.claim}, default=None)


def _go_on(view: View, attempt: int) -> Running | Done:
    """Take an attempt up where a dead or deferred process left it."""
    container = _container(view, attempt)
    if container is not None and container.status == "running":
        if view.job.heard is None:  # the log of the process that began it may have died with its worker
            view.job.say(status_line(view.plan, view.branch, "STARTED", when=container.started_at))
        view.job.say(f"Following container {container.id[:12]}, which this task started.")
        probe = _is_probe(view, attempt)
        resumed = _answered(view, attempt, container) if probe else None
        return Running(
            container.id,
            "agent",
            left_seconds(view, container),
            view.profile.references,
            gateway=view.profile.gateway,
            disk=view.profile.disk,
            probe=probe and resumed is None,
            resumed=resumed,
            engine=view.job.engine,
        )
    harvested = _harvest(view, attempt, container)
    return judge(view, attempt, harvested) if harvested else start.again(view, attempt, container)


def _is_probe(view: View, attempt: int) -> bool:
    """Say whether others wait for what the provider answers this attempt."""
    pause = view.snapshot.pauses.get(view.profile_name)
    waited_for = pause is not None and stands(pause) and f"{view.branch.id}/{attempt}" in pause.probes
    return waited_for and view.profile.gateway


def _answered(view: View, attempt: int, container: Found) -> Pause | None:
    """End the pause of the profile if the provider has answered its probe; return it if it was this that ended it."""
    if not answers(view.job.client, container):
        return None
    report = EndReport(view.job.repo, Ended(view.profile_name, view.run.id, view.branch.id, attempt, proof="answered"))
    report.publish(view.job.remote, view.snapshot)
    return report.standing if report.event else None


def _harvest(view: View, attempt: int, container: Found | None) -> Harvest | None:
    """Return what the attempt produced; None if its agent never ran."""
    if container is not None and container.status == "exited":
        rest(view, container)
        return harvest(view, attempt, container)
    return of_attempt(view, attempt)


def _verdict(view: View, attempt: int) -> Verdict | None:
    return next((v for v in reversed(view.verdicts) if v.attempt == attempt), None)


def _container(view: View, attempt: int) -> Found | None:
    found = find(view.job.client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id, role="agent")
    return next((c for c in found if c.labels.attempt == attempt), None)
