"""Describe where a phase stands for a phase that waits for it. Pure: `watching` reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from phaseplan.ledger.records import RunRecord, State, moment, moment_if_any
from phaseplan.ledger.rulings import OUT
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.phase.close import closing, complete, same_plan
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import BranchStatus, build_status
from phaseplan.text.program import PROGRAM

#: A task that was Cleared in a closed run goes on: how long after its last trace in the repository the next may come.
GRACE = timedelta(seconds=60)
_SHOWN = 8  # branches in a message


class Standing(StrEnum):
    """The result of looking at a phase that another phase waits for."""

    COMPLETE = "complete"  # the rule of docs/design/complete.md
    WAITING = "waiting"  # never opened, or something of it goes on or may still come
    CHANGED = "changed"  # complete, by another plan than the file now holds
    FAILED = "failed"  # its newest run has closed with a branch out, and nothing of it goes on
    ABSENT = "absent"  # no valid plan file describes it


@dataclass(frozen=True)
class Wait:
    """Hold the result of looking at another phase."""

    phase: int
    standing: Standing
    reason: str
    idle: bool = False  # no run of it is open, so it waits for other phases itself, or for a person to start it
    passing: bool = False  # time alone may change it

    @property
    def complete(self) -> bool:
        """Say whether the waiting phases may go on."""
        return self.standing is Standing.COMPLETE


def judge(snapshot: Snapshot, plan: PhasePlan, now: datetime | None = None) -> Wait:
    """Decide where a phase stands by its refs and its plan file."""
    phase, run = plan.phase, snapshot.run
    if run is None:
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}: it has not been opened yet.", idle=True)
    if complete(snapshot, plan):
        return Wait(phase, Standing.COMPLETE, f"Phase {phase} is complete since {run.closed} (run {run.id}).")
    if run.closed and run.complete:
        message = f"run {run.id} completed it {run.closed}, and its plan file has changed since: it needs a new run."
        return Wait(phase, Standing.CHANGED, f"Waiting for phase {phase}: {message}", idle=True)
    if run.closed:
        return _closed(snapshot, plan, run, now or datetime.now(UTC))
    return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}: run {run.id}, {_state(snapshot, plan, run)}")


def _closed(snapshot: Snapshot, plan: PhasePlan, run: RunRecord, now: datetime) -> Wait:
    """Decide where a phase stands whose run has closed incomplete; after a Clear the same run goes on."""
    if run.fault:
        message = f"run {run.id}, {_when(run)}, could not begin: {run.fault}\n{_mend(plan)}"
        return Wait(plan.phase, Standing.FAILED, f"Phase {plan.phase} has failed: {message}")
    phase, text = plan.phase, f"run {run.id}, {_state(snapshot, plan, run)}"
    if _goes_on(snapshot, plan, moment(str(run.closed))):
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}, which goes on: {text}")
    last = max(_traces(snapshot), default=moment(str(run.closed)))
    if moment(str(run.closed)) < last > now - GRACE:
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}, which goes on: {text}", passing=True)
    ended = closing(snapshot)
    if ended.ok and not any(snapshot.state(b.id) in OUT for b in plan):
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}: {text}", idle=True)
    message = f"run {run.id}, {_when(run)}.\n{ended.message}" if not ended.ok else f"{text}\n{_mend(plan)}"
    return Wait(phase, Standing.FAILED, f"Phase {phase} has failed: {message}")


def advice(phase: int) -> str:
    """Write what to do if a phase waited for one that failed."""
    return (
        f"When phase {phase} is complete, Clear this task with Downstream on. "
        "With `schedule: after dependencies` this phase then also starts by itself."
    )


def _mend(plan: PhasePlan) -> str:
    return f"Next: mend it; `{PROGRAM} status {plan.phase}` says what each branch lacks."


def _goes_on(snapshot: Snapshot, plan: PhasePlan, closed: datetime) -> bool:
    """Say whether a branch runs, or has passed since the run closed and waits for its wave's integration."""
    for branch in plan:
        state, verdicts = snapshot.state(branch.id), snapshot.verdicts.get(branch.id)
        if state is State.RUNNING:
            return True
        if state is State.PASSED and verdicts and (when := moment_if_any(verdicts[-1].finished)) is not None:
            wave = snapshot.waves.get(plan.wave_of[branch.id])
            merged = moment_if_any(wave.finished) if wave else None
            if when > closed and (merged is None or merged < when):
                return True
    return False


def _traces(snapshot: Snapshot) -> Iterator[datetime]:
    """Yield the times of everything that the phase has left in the repository."""
    texts = [c.time for claims in snapshot.started.values() for c in claims.values()]
    texts += [v.finished for verdicts in snapshot.verdicts.values() for v in verdicts]
    texts += [wave.finished for wave in snapshot.waves.values()]
    yield from (when for text in texts if (when := moment_if_any(text)) is not None)


def _state(snapshot: Snapshot, plan: PhasePlan, run: RunRecord) -> str:
    """Describe since when the run is open, how much is integrated, and what is missing and why."""
    status = build_status(snapshot, plan)
    missing = {b: s for b, s in status.branches.items() if s.state is not State.INTEGRATED}
    ids = sorted(missing, key=lambda b: missing[b].state in (State.PENDING, State.PASSED))  # who is out comes first
    missing_texts = [f"{b} {_branch_text(snapshot, b, missing[b])}" for b in ids[:_SHOWN]]
    missing_texts += [f"and {len(ids) - _SHOWN} more"] if len(ids) > _SHOWN else []
    done = f"{len(status.branches) - len(missing)} of {len(status.branches)} branches are integrated"
    text = f"{_when(run)}: {done}" + (
        f"; missing: {'; '.join(missing_texts)}." if missing_texts else ", not closed yet."
    )
    if not same_plan(snapshot, plan):
        text += " Its plan file has changed since it was opened: it needs a run of the new one."
    return text


def _when(run: RunRecord) -> str:
    """Describe when the run was opened and closed, and for which branches."""
    chosen = f" for {', '.join(run.branches)} only" if run.branches else ""
    return f"opened {run.opened}{chosen}" + (f", closed {run.closed}" if run.closed else "")


def _branch_text(snapshot: Snapshot, branch_id: str, status: BranchStatus) -> str:
    """Describe one branch that is not integrated."""
    if snapshot.state(branch_id) is State.RUNNING:  # also in a run that was closed and goes on
        return f"running (attempt {status.attempt})"
    if status.blocked_by:
        return f"{status.state} by {status.blocked_by}" if status.state is State.BLOCKED else str(status.state)
    return f"{status.state}: {status.reason}" if status.reason else str(status.state)
