"""Send the notifications that the end of a task calls for."""

from __future__ import annotations

from typing import Any

from phaseplan.airflow.operators.notify import (
    about_branch,
    about_budget,
    about_delivery,
    about_phase,
    about_profile,
    about_wave,
    notify,
)
from phaseplan.attempt.job import Job
from phaseplan.delivery.deliver import DeliveryReport
from phaseplan.errors import PhaseplanError
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.money.budget_news import news
from phaseplan.ledger.money.spending import Spending, spending, spent_by
from phaseplan.ledger.pause.pauses import Pause
from phaseplan.ledger.records import Outcome, Verdict
from phaseplan.ledger.write import read
from phaseplan.phase.close import Closing
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.notify import Event
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from phaseplan.wave.integrate import Integrated

#: What a branch's own end is called; other ends notify nobody.
_EVENTS: dict[Outcome, Event] = {"failed": "isolated", "blocked": "blocked"}


def tell_branch(context: Any, repo: GitRepo, remote: Remote, verdict: Verdict) -> None:
    """Notify when a branch is isolated by its own gates, or its agent says that it is blocked."""
    event = _EVENTS.get(verdict.outcome)
    if event is None:
        return
    seen = read(repo, remote, verdict.phase)
    if seen.pinned is not None:
        plan, spent = seen.pinned.plan, spent_by(seen, verdict.branch)
        notify(context, plan.notify, event, about_branch(plan, verdict.branch, verdict.reason, spent))


def tell_pause(context: Any, job: Job, pause: Pause) -> None:
    """Notify, once for all its branches, that a profile is paused, or that it goes on."""
    job.say(pause.farewell() if pause.ended else pause.sentence())
    pinned = read(job.repo, job.remote, job.phase).pinned
    if pinned is not None:
        plan = pinned.plan
        notify(context, plan.notify, "resumed" if pause.ended else "paused", about_profile(plan, pause))


def tell_budgets(context: Any, job: Job) -> None:
    """Notify, once for all branches, that a budget which they share is used to 80 %, or spent."""
    for shared in news(job.repo, job.remote, job.phase):
        job.say(f"Notifying: {shared}.")
        pinned = read(job.repo, job.remote, job.phase).pinned
        if pinned is not None:
            notify(context, pinned.plan.notify, "budget", about_budget(pinned.plan, shared))


def tell_wave(context: Any, wave: int, done: Integrated) -> None:
    """Notify of branches isolated by the merge, blocked for the first time in this run, and merged."""
    plan = done.plan
    if plan is None:
        return
    spent = spending(done.seen, plan) if done.seen else Spending()
    for branch, findings in done.isolated.items():
        reason = str(findings[0]) if findings else ""
        notify(context, plan.notify, "isolated", about_branch(plan, branch, reason, spent.branches.get(branch)))
    for branch, line in done.blocked.items():
        notify(context, plan.notify, "blocked", about_branch(plan, branch, line, spent.branches.get(branch)))
    if done.merged:
        merged = about_wave(plan, wave, f"merged {', '.join(done.merged)}", spent.waves.get(wave))
        notify(context, plan.notify, "wave_integrated", merged)


def tell_phase(context: Any, closing: Closing) -> None:
    """Notify when the phase is complete."""
    seen = closing.seen
    if closing.complete and seen and seen.pinned:
        plan = seen.pinned.plan
        spent = spending(seen, plan).phase
        notify(context, plan.notify, "phase_complete", about_phase(plan, closing.message, spent))


def tell_delivery(context: Any, done: DeliveryReport) -> None:
    """Notify of a pull request that was opened, merged or closed, or of a push."""
    if done.record is not None and done.seen is not None and done.seen.pinned is not None:
        plan = done.seen.pinned.plan
        notify(context, plan.notify, "delivery", about_delivery(plan, str(done.record)))


def tell_landing(context: Any, plan: PhasePlan, before: Delivered | None, after: Delivered | None) -> None:
    """Notify, as a run begins, that a pull request was merged or closed since."""
    if after is not None and after != before:
        notify(context, plan.notify, "delivery", about_delivery(plan, str(after)))


def tell_undelivered(context: Any, repo: GitRepo, remote: Remote, phase: int, error: PhaseplanError) -> None:
    """Notify that a complete phase could not be delivered."""
    pinned = read(repo, remote, phase).pinned
    if pinned is not None:
        notify(context, pinned.plan.notify, "delivery", about_delivery(pinned.plan, f"not delivered: {error}"))
