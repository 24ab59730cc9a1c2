"""Describe where a phase stands for a phase that waits for it. Pure: `watching` reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from phaseplan.ledger.records import RunRecord, State, moment
from phaseplan.ledger.snapshot import OUT, Snapshot
from phaseplan.phase.close import closing, complete, same_plan
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import BranchStatus, build_status

#: What was Cleared in a closed run goes on: from its last trace in the repository, so long for the next one.
GRACE = timedelta(seconds=60)
_SHOWN = 8  # branches in a message


class Standing(StrEnum):
    """What a look at a phase comes to."""

    COMPLETE = "complete"  # the rule of docs/design/complete.md
    WAITING = "waiting"  # never opened, or something of it goes on or may still come
    CHANGED = "changed"  # complete, by another plan than the file now holds
    FAILED = "failed"  # its newest run has closed with somebody out, and nothing of it goes on
    ABSENT = "absent"  # no valid plan file describes it


@dataclass(frozen=True)
class Wait:
    """What a look at another phase found."""

    phase: int
    standing: Standing
    reason: str
    idle: bool = False  # no run of it is open, so it waits for others itself, or for somebody to start it
    passing: bool = False  # time alone may change it

    @property
    def complete(self) -> bool:
        """Whether those who wait may go on."""
        return self.standing is Standing.COMPLETE


def judge(snapshot: Snapshot, plan: PhasePlan, now: datetime | None = None) -> Wait:
    """Where a phase stands by its refs and its plan file."""
    phase, run = plan.phase, snapshot.ledger.run if snapshot.ledger else None
    if run is None:
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}: it has not been opened yet.", idle=True)
    if complete(snapshot, plan):
        return Wait(phase, Standing.COMPLETE, f"Phase {phase} is complete since {run.closed} (run {run.id}).")
    if run.closed and run.complete:
        said = f"run {run.id} completed it {run.closed}, and its plan file has changed since: it needs a new run."
        return Wait(phase, Standing.CHANGED, f"Waiting for phase {phase}: {said}", idle=True)
    if run.closed:
        return _closed(snapshot, plan, run, now or datetime.now(UTC))
    return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}: run {run.id}, {_state(snapshot, plan, run)}")


def _closed(snapshot: Snapshot, plan: PhasePlan, run: RunRecord, now: datetime) -> Wait:
    """A run that came to its end without the phase being complete; after a Clear it goes on under the same name."""
    if run.fault:
        told = f"run {run.id}, {_when(run)}, could not begin: {run.fault}\n{_mend(plan)}"
        return Wait(plan.phase, Standing.FAILED, f"Phase {plan.phase} has failed: {told}")
    phase, text = plan.phase, f"run {run.id}, {_state(snapshot, plan, run)}"
    if _goes_on(snapshot, plan, moment(str(run.closed))):
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}, which goes on: {text}")
    last = max(_traces(snapshot), default=moment(str(run.closed)))
    if moment(str(run.closed)) < last > now - GRACE:
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}, which goes on: {text}", passing=True)
    ended = closing(snapshot)
    if ended.ok and not any(snapshot.state(b.id) in OUT for b in plan):
        return Wait(phase, Standing.WAITING, f"Waiting for phase {phase}: {text}", idle=True)
    told = f"run {run.id}, {_when(run)}.\n{ended.message}" if not ended.ok else f"{text}\n{_mend(plan)}"
    return Wait(phase, Standing.FAILED, f"Phase {phase} has failed: {told}")


def advice(phase: int) -> str:
    """What somebody does whose phase waited for one that failed."""
    return (
        f"When phase {phase} is complete, Clear this task with Downstream on. "
        "With `schedule: after dependencies` this phase then also starts by itself."
    )


def _mend(plan: PhasePlan) -> str:
    return f"Next: mend it; `./phaseplan status {plan.phase}` says what each branch lacks."


def _goes_on(snapshot: Snapshot, plan: PhasePlan, closed: datetime) -> bool:
    """Whether something runs, or has passed since the run closed and waits for its wave's integration."""
    waves = snapshot.ledger.waves if snapshot.ledger else {}
    for branch in plan:
        state, verdicts = snapshot.state(branch.id), snapshot.verdicts.get(branch.id)
        if state is State.RUNNING:
            return True
        if state is State.PASSED and verdicts and (when := _time(verdicts[-1].finished)) is not None:
            wave = waves.get(plan.wave_of[branch.id])
            merged = _time(wave.finished) if wave else None
            if when > closed and (merged is None or merged < when):
                return True
    return False


def _traces(snapshot: Snapshot) -> Iterator[datetime]:
    """When anything of the phase last showed in the repository."""
    waves = snapshot.ledger.waves.values() if snapshot.ledger else ()
    texts = [c.time for claims in snapshot.started.values() for c in claims.values()]
    texts += [v.finished for verdicts in snapshot.verdicts.values() for v in verdicts]
    texts += [wave.finished for wave in waves]
    yield from (when for text in texts if (when := _time(text)) is not None)


def _time(text: str) -> datetime | None:
    try:
        return moment(text)
    except ValueError:
        return None


def _state(snapshot: Snapshot, plan: PhasePlan, run: RunRecord) -> str:
    """Since when, how much is in, and what is missing and why."""
    status = build_status(snapshot, plan)
    missing = {b: s for b, s in status.branches.items() if s.state is not State.INTEGRATED}
    ids = sorted(missing, key=lambda b: missing[b].state in (State.PENDING, State.PASSED))  # who is out comes first
    words = [f"{b} {_word(snapshot, b, missing[b])}" for b in ids[:_SHOWN]]
    words += [f"and {len(ids) - _SHOWN} more"] if len(ids) > _SHOWN else []
    done = f"{len(status.branches) - len(missing)} of {len(status.branches)} branches are integrated"
    text = f"{_when(run)}: {done}" + (f"; missing: {'; '.join(words)}." if words else ", not closed yet.")
    if not same_plan(snapshot, plan):
        text += " Its plan file has changed since it was opened: it needs a run of the new one."
    return text


def _when(run: RunRecord) -> str:
    """Since when, and for what."""
    chosen = f" for {', '.join(run.branches)} only" if run.branches else ""
    return f"opened {run.opened}{chosen}" + (f", closed {run.closed}" if run.closed else "")


def _word(snapshot: Snapshot, branch_id: str, status: BranchStatus) -> str:
    if snapshot.state(branch_id) is State.RUNNING:  # also in a run that was closed and goes on
        return f"running (attempt {status.attempt})"
    if status.blocked_by:
        return f"{status.state} by {status.blocked_by}" if status.state is State.BLOCKED else str(status.state)
    return f"{status.state}: {status.reason}" if status.reason else str(status.state)
