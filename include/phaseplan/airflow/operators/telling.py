"""Send the notifications that the end of a task calls for."""

from __future__ import annotations

from typing import Any

from phaseplan.airflow.operators.notify import about_branch, about_phase, about_wave, notify
from phaseplan.ledger.records import Verdict
from phaseplan.ledger.write import read
from phaseplan.phase.close import Closing
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from phaseplan.wave.integrate import Integrated


def tell_branch(context: Any, repo: GitRepo, remote: Remote, verdict: Verdict) -> None:
    """Notify when a branch is isolated by its own gates, or its agent says that it is blocked."""
    plan = _plan(repo, remote, verdict.phase) if verdict.outcome in ("failed", "blocked") else None
    if plan is not None and verdict.outcome == "failed":
        notify(context, plan.notify, "isolated", about_branch(plan, verdict.branch, verdict.reason))
    if plan is not None and verdict.outcome == "blocked":
        notify(context, plan.notify, "blocked", about_branch(plan, verdict.branch, verdict.reason))


def tell_wave(context: Any, wave: int, done: Integrated) -> None:
    """Notify of branches isolated by the merge, blocked for the first time in this run, and merged."""
    plan = done.plan
    if plan is None:
        return
    for branch, findings in done.isolated.items():
        notify(context, plan.notify, "isolated", about_branch(plan, branch, str(findings[0]) if findings else ""))
    for branch, line in done.blocked.items():
        notify(context, plan.notify, "blocked", about_branch(plan, branch, line))
    if done.merged:
        notify(context, plan.notify, "wave_integrated", about_wave(plan, wave, f"merged {', '.join(done.merged)}"))


def tell_phase(context: Any, closing: Closing) -> None:
    """Notify when the phase is complete."""
    pinned = closing.seen.pinned if closing.complete and closing.seen else None
    if pinned is not None:
        notify(context, pinned.plan.notify, "phase_complete", about_phase(pinned.plan, closing.message))


def _plan(repo: GitRepo, remote: Remote, phase: int) -> PhasePlan | None:
    pinned = read(repo, remote, phase).pinned
    return pinned.plan if pinned else None
