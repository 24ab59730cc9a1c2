"""Compute the status of a phase from its refs. Pure; stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from phaseplan.ledger import refs
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.flaky import Flake, flaky
from phaseplan.ledger.last_event import untouched
from phaseplan.ledger.money.spending import spending
from phaseplan.ledger.money.usage import Spent, Usage, fields_of
from phaseplan.ledger.pause.pauses import Pause
from phaseplan.ledger.records import BranchRecord, Finding, Ledger, Record, RunRecord, State
from phaseplan.ledger.rulings import OUT, READY, follows
from phaseplan.ledger.unpublished import held, refused, unpublished
from phaseplan.merging.predicted_conflicts import EarlyWarning
from phaseplan.phase.close import complete
from phaseplan.plan.graph import transitive
from phaseplan.plan.model import Branch, PhasePlan, Wave
from phaseplan.report.approvals import ApprovalStatus, approvals_of
from phaseplan.report.attempts import AttemptStatus, alive, attempts_of
from phaseplan.report.budgets import BudgetStatus, budgets_of, spent_for, unaffordable
from phaseplan.report.pauses import paused, standing
from phaseplan.report.timings import Timings, agent_seconds, seconds, timings_of

if TYPE_CHECKING:
    from phaseplan.ledger.write import Snapshot


class BranchStatus(Record):
    """Describe one branch. Times are empty and seconds None where nothing ran."""

    title: str
    wave: int
    state: State
    attempt: int = 0
    ref: str | None = None  # where its work is
    head: str | None = None
    lines: int = 0
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()  # what no gate forbids and a person should know
    reason: str = ""
    started: str = ""
    finished: str = ""
    seconds: float | None = None
    agent_seconds: float | None = None
    budget_spent: bool = False  # of a blocked one: what blocks it is a budget that it shares
    blocked_by: str | None = None  # the first branch it needs that is out
    paused: str = ""  # the profile whose provider it waits for; `reason` says more
    attempts: tuple[AttemptStatus, ...] = ()
    usage: Usage | None = None  # of models by all its attempts
    wasted: Usage | None = None  # of that, by attempts whose work is not in


class WaveStatus(Record):
    """Describe one wave: from its first agent's start to the end of its integration."""

    title: str
    state: Literal["pending", "running", "integrated", "red"]
    head: str | None = None
    started: str = ""
    finished: str = ""
    seconds: float | None = None
    findings: tuple[Finding, ...] = ()
    usage: Usage | None = None  # of models by all attempts of its branches
    wasted: Usage | None = None


class PhaseStatus(Record):
    """Hold what `./phaseplan status --json` prints."""

    version: Literal[1] = 1
    phase: int
    title: str
    complete: bool
    integration: str | None
    run: RunRecord | None
    branches: dict[str, BranchStatus]
    waves: dict[int, WaveStatus]
    timings: Timings
    usage: Usage | None = None  # of models by all attempts of all runs
    wasted: Usage | None = None
    run_usage: Usage | None = None  # by those of the newest run
    run_wasted: Usage | None = None
    claims: dict[str, Any]
    budgets: dict[str, BudgetStatus] = {}  # that branches share: of the phase, and of the newest run as its night
    predicted_conflicts: tuple[EarlyWarning, ...] = ()
    pauses: tuple[Pause, ...] = ()  # profiles whose provider is waited for
    delivery: Delivered | None = None  # where it was delivered to
    approvals: dict[str, ApprovalStatus] = {}  # points at which the plan waits for a person
    flaky: tuple[Flake, ...] = ()  # verdicts that changed though nothing about the branch did


def build_status(
    snapshot: Snapshot, plan: PhasePlan | None = None, *, warnings: Sequence[EarlyWarning] = ()
) -> PhaseStatus:
    """Compute the status of a phase, by the plan that its last run pinned.

    :param plan: the plan file as it is now; without a run it is the only plan there is, and a run of
        another plan does not make a phase complete.
    :param warnings: predicted conflicts of the snapshot, whose computation needs a repository.
    :raises ValueError: the phase was never opened and no plan is given.
    """
    shown = snapshot.pinned.plan if snapshot.pinned else plan
    if shown is None:
        raise ValueError(f"phase {snapshot.phase} has no ledger and no plan")
    ledger = snapshot.folded() if snapshot.ledger else None
    run = ledger.run if ledger else None
    spent = spending(snapshot, shown)
    tonight = spent.runs.get(run.id) if run else None
    own = {branch.id: _branch(snapshot, ledger, shown, branch, spent.branches.get(branch.id)) for branch in shown}
    branches = {b: _with_pause(snapshot, shown, b, _with_cause(shown, own, b)) for b in own}
    return PhaseStatus(
        phase=shown.phase,
        title=" ".join(shown.title.split()),
        complete=complete(snapshot, plan),
        integration=ledger.integration if ledger and held(snapshot, refs.integration(shown.phase)) else None,
        run=run,
        branches=branches,
        waves={
            wave.wave: _wave(ledger, wave, branches).model_copy(update=fields_of(spent.waves.get(wave.wave)))
            for wave in shown.waves
        },
        timings=timings_of(snapshot, ledger, shown),
        **fields_of(spent.phase),
        run_usage=tonight.usage if tonight else None,
        run_wasted=tonight.wasted if tonight else None,
        budgets=budgets_of(snapshot),
        claims=shown.claims.model_dump(mode="json", exclude_defaults=True) if shown.claims else {},
        predicted_conflicts=tuple(warnings),
        pauses=standing(snapshot),
        delivery=snapshot.delivery,
        approvals=approvals_of(snapshot),
        flaky=flaky(snapshot.nights),
    )


def _branch(
    snapshot: Snapshot, ledger: Ledger | None, plan: PhasePlan, branch: Branch, spent: Spent | None
) -> BranchStatus:
    attempts = attempts_of(snapshot, branch.id)
    base = BranchStatus(
        title=branch.title,
        wave=plan.wave_of[branch.id],
        state=State.PENDING,
        attempts=attempts,
        **fields_of(spent),
    )
    record = ledger.branches.get(branch.id) if ledger else None
    over = ledger is not None and ledger.run is not None and ledger.run.closed is not None
    old = untouched(snapshot, branch.id) if over else ""  # while a run is open, its tasks may still come
    if record is None:
        return base.model_copy(update={"reason": old} | (unaffordable(snapshot, branch.id) if ledger else {}))
    if record.state is State.RUNNING:
        return base.model_copy(update=_begun(snapshot, branch.id, record.attempt))
    if _goes_on(snapshot, plan, record):
        message = f"attempt {record.attempt} failed ({record.reason}); the next of {plan.attempts} follows"
        return base.model_copy(
            update={**_decided(snapshot, branch.id, record), "state": State.RUNNING, "reason": message}
        )
    decided = {**_decided(snapshot, branch.id, record), **unpublished(snapshot, plan, branch)}
    return base.model_copy(update=decided | ({"reason": old} if old else {}))


def _goes_on(snapshot: Snapshot, plan: PhasePlan, record: BranchRecord) -> bool:
    """Say whether the open run will try a branch again after a failed attempt; until then it blocks no other branch."""
    verdict, run = record.verdict, snapshot.run
    if verdict is None or verdict.outcome != "failed" or run is None or run.closed or verdict.run != run.id:
        return False
    goes_on = record.cause == "failed" and follows(snapshot.verdicts[verdict.branch], verdict.claim, plan.attempts)
    return goes_on and not spent_for(snapshot, verdict.branch)


def _begun(snapshot: Snapshot, branch_id: str, attempt: int) -> dict[str, Any]:
    """Return the fields of an attempt without a result: running only as long as the run that started it."""
    claim = snapshot.started[branch_id][attempt]
    runs = alive(snapshot, claim)
    return {
        "state": State.RUNNING if runs else State.UNFINISHED,
        "attempt": attempt,
        "ref": refs.started(snapshot.phase, branch_id, attempt),
        "started": claim.time,
        "reason": "" if runs else "started, and no result came back",
    }


def _decided(snapshot: Snapshot, branch_id: str, record: BranchRecord) -> dict[str, Any]:
    verdict = record.verdict
    fields: dict[str, Any] = {"state": record.state, "attempt": record.attempt, "reason": record.reason}
    if verdict is None:
        return fields | {"head": record.commit}
    raw_ref = refs.attempt(snapshot.phase, branch_id, verdict.attempt) if verdict.raw else None
    public = f"refs/heads/{verdict.name}" if verdict.name and record.state in READY else None
    return fields | {
        "ref": public if public and held(snapshot, public) else raw_ref,
        "head": record.commit or verdict.commit or verdict.raw,
        "lines": verdict.lines,
        "findings": verdict.findings,
        "notes": verdict.notes,
        "reason": record.reason or verdict.reason,
        "started": verdict.started,
        "finished": verdict.finished,
        "seconds": seconds(verdict.started, verdict.finished),
        "agent_seconds": agent_seconds(verdict),
    }


def _with_cause(plan: PhasePlan, own: Mapping[str, BranchStatus], branch_id: str) -> BranchStatus:
    """Mark a branch as blocked by the first branch in merge order that it needs and that is out.

    A passed branch stays `passed` and waits; a branch that its agent called blocked keeps the agent's reason.
    """
    status = own[branch_id]
    if status.state not in (State.PENDING, State.PASSED, State.BLOCKED):
        return status
    cause = next((needed for needed in transitive(plan, branch_id) if own[needed].state in OUT), None)
    if cause is None:
        return status
    reason = f"needs {cause} {own[cause].title}, {own[cause].state}"
    reason += f": {own[cause].reason}" if own[cause].reason else ""
    if status.state is State.BLOCKED and status.attempts and status.attempts[-1].outcome == "blocked":
        reason = status.reason
    state = State.PASSED if status.state is State.PASSED else State.BLOCKED
    return status.model_copy(update={"state": state, "reason": reason, "blocked_by": cause})


def _with_pause(snapshot: Snapshot, plan: PhasePlan, branch_id: str, status: BranchStatus) -> BranchStatus:
    """Give a branch that waits for its profile's provider the pause as its reason."""
    pause = None if status.blocked_by else paused(snapshot, plan, branch_id, status.state)
    if pause is None:
        return status
    over = snapshot.run is not None and snapshot.run.closed is not None
    return status.model_copy(update={"reason": f"paused: {pause.sentence(over=over)}", "paused": pause.profile})


def _wave(ledger: Ledger | None, wave: Wave, branches: Mapping[str, BranchStatus]) -> WaveStatus:
    record = ledger.waves.get(wave.wave) if ledger else None
    members = [branches[b.id] for b in wave.branches]
    moving = any(b.state is State.RUNNING for b in members)
    before = record is not None and ledger is not None and ledger.run is not None and record.run != ledger.run.id
    overcome = record is not None and record.state == "red" and not refused(record)  # this run may find it green
    if record is None or (before and (moving or overcome)):
        return WaveStatus(title=wave.title, state="running" if moving else "pending")
    since = ledger.run.opened if ledger and ledger.run else ""
    fresh = (b.started for b in members if b.started >= since)  # an agent of an earlier run took this wave no time
    started = min(filter(None, fresh), default=record.started)
    started = min(started, record.started) if record.started else started
    return WaveStatus(
        title=wave.title,
        state=record.state,
        head=record.head,
        started=started,
        finished=record.finished,
        seconds=seconds(started, record.finished),
        findings=record.findings,
    )
