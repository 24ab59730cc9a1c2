"""Combine Airflow's tasks and the ledger's decisions into one view of a running phase. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from phaseplan.cli.local_airflow.api import TaskState
from phaseplan.ledger.pause.pauses import Pause
from phaseplan.ledger.records import State
from phaseplan.plan import names
from phaseplan.plan.model import PhasePlan, Wave
from phaseplan.report.status import BranchStatus, PhaseStatus

_ACTIVE = {"running": "running", "deferred": "running", "restarting": "running", "up_for_retry": "retrying"}
_QUEUED = {"queued", "up_for_reschedule"}
#: State of a branch by its finished task, until the ledger is read again.
_ENDED = {"success": "passed", "failed": "failed", "skipped": "skipped", "upstream_failed": "blocked"}
SETTLED = {"passed", "integrated", "isolated", "blocked", "cancelled", "unfinished", "failed", "skipped"}


@dataclass(frozen=True)
class BranchView:
    """Hold one branch. State: docs/design/states.md, or `queued`, `retrying`, `paused`, `failed`, `skipped`."""

    id: str
    title: str
    wave: int
    state: str
    attempt: int = 0
    seconds: float | None = None  # so far, or in all
    reason: str = ""

    @property
    def busy(self) -> bool:
        """Say whether an agent works on it now."""
        return self.state == "running"


@dataclass(frozen=True)
class PhaseView:
    """One phase.

    State: `starting`, `opening again`, `not opened`, `waiting for phase N`, `running`, `closing`, `success`, `failed`.
    """

    phase: int
    title: str
    state: str
    slots: int
    branches: tuple[BranchView, ...]
    waves: Mapping[int, str]
    pauses: tuple[Pause, ...] = ()  # of profiles
    questions: tuple[str, ...] = ()  # that wait for a person

    @property
    def busy(self) -> int:
        """Count agents at work."""
        return sum(b.busy for b in self.branches)

    @property
    def done(self) -> int:
        """Count branches that are integrated."""
        return sum(b.state == State.INTEGRATED for b in self.branches)

    @property
    def over(self) -> bool:
        """Say whether the run has ended."""
        return self.state in ("success", "failed")


def observe(
    plan: PhasePlan,
    run_state: str,
    tasks: Sequence[TaskState],
    status: PhaseStatus | None,
    *,
    now: datetime,
    selected: Collection[str] = (),
) -> PhaseView:
    """Build the view of a phase.

    :param status: by the ledger, of this very run; None while the run has not opened the phase.
    :param selected: the branches the run is about; empty: all.
    """
    by_id = {task.task_id: task for task in tasks}
    branches = []
    for branch in plan:
        if not selected or branch.id in selected:
            branch_status = status.branches.get(branch.id) if status else None
            task = by_id.get(names.branch_task_id(plan, branch.id))
            view = BranchView(branch.id, branch.title, plan.wave_of[branch.id], _state(task, branch_status))
            branches.append(_timed(view, task, branch_status, now))
    branches = _without_passing_blocks(branches, status)
    waves = {wave.wave: _wave(wave, by_id, branches, status) for wave in plan.waves}
    shown = {b.wave for b in branches}
    return PhaseView(
        plan.phase,
        plan.title,
        _phase(run_state, by_id),
        plan.max_parallel_agents,
        tuple(branches),
        {number: state for number, state in waves.items() if number in shown},
        status.pauses if status else (),
        tuple(p.words for p in status.approvals.values() if p.state == "waiting") if status else (),
    )


def _without_passing_blocks(branches: Sequence[BranchView], status: PhaseStatus | None) -> list[BranchView]:
    """Show a branch as pending while Airflow still works on what the ledger says it is blocked by."""
    working = {b.id for b in branches if b.state in _ACTIVE.values() or b.state in ("queued", "paused")}
    causes = {b: s.blocked_by for b, s in status.branches.items()} if status else {}
    return [
        replace(b, state="pending", reason="") if b.state == "blocked" and causes.get(b.id) in working else b
        for b in branches
    ]


def _state(task: TaskState | None, branch_status: BranchStatus | None) -> str:
    airflow = (task.state if task else None) or ""
    if branch_status and branch_status.paused and airflow and airflow not in _ENDED:
        return "paused"  # each try only looks whether it still is
    if airflow in _ACTIVE:
        return _ACTIVE[airflow]
    if airflow in _QUEUED:
        return "queued"
    ledger = str(branch_status.state) if branch_status else ""
    if ledger and ledger not in ("pending", "running"):
        return ledger
    return _ENDED.get(airflow, "pending")


def _timed(view: BranchView, task: TaskState | None, branch_status: BranchStatus | None, now: datetime) -> BranchView:
    attempt, reason, seconds = 0, "", None
    if branch_status:
        attempt, reason, seconds = branch_status.attempt, branch_status.reason, branch_status.seconds
    if view.busy and (start := (branch_status.started if branch_status else "") or (task.started if task else None)):
        seconds = max(0.0, (now - _time(start)).total_seconds())
    elif seconds is None and task and view.state in SETTLED:
        seconds = task.seconds
    if view.state == "paused":  # which is said once, for all
        reason, seconds = "", None
    return BranchView(view.id, view.title, view.wave, view.state, attempt, seconds, reason)


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _wave(
    wave: Wave, by_id: Mapping[str, TaskState], branches: Sequence[BranchView], status: PhaseStatus | None
) -> str:
    task = by_id.get(names.integrate_task(wave.wave))
    state = (task.state if task else None) or ""
    if state in _ACTIVE:
        return "integrating"
    ledger_state = status.waves[wave.wave].state if status and wave.wave in status.waves else "pending"
    if state == "success":  # its result is in the ledger, which is read again soon
        return ledger_state if ledger_state in ("integrated", "red") else "integrating"
    if state in ("failed", "upstream_failed"):
        return "red" if ledger_state == "red" else "failed"
    if state == "skipped":
        return "skipped"
    begun = any(b.wave == wave.wave and (b.state in _ACTIVE.values() or b.state in SETTLED) for b in branches)
    return "running" if begun else "pending"


def _phase(run_state: str, by_id: Mapping[str, TaskState]) -> str:
    if run_state in ("success", "failed"):
        return run_state
    opened = by_id.get(names.OPEN)
    if opened is not None and opened.state in ("failed", "upstream_failed", "skipped"):
        return "not opened"
    if opened is not None and opened.state == "up_for_retry":
        return "opening again"
    if opened is None or opened.state != "success":
        prefix = names.await_task(0)[:-2]
        waiting = [t.task_id for t in by_id.values() if t.task_id.startswith(prefix) and t.state in _ACTIVE]
        return (
            "waiting for phase " + ", ".join(str(int(w[len(prefix) :])) for w in sorted(waiting))
            if waiting
            else "starting"
        )
    closing = by_id.get(names.CLOSE)
    return "closing" if closing is not None and closing.state in _ACTIVE else "running"
