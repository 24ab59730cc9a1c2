"""Close a phase: say what the run came to, and the next step for each branch that is not in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from phaseplan.ledger import refs
from phaseplan.ledger.approval.approvals import OPENING, WHOLE, members, missing
from phaseplan.ledger.approval.approvals import state as approval_state
from phaseplan.ledger.flaky import flaky
from phaseplan.ledger.last_event import untouched
from phaseplan.ledger.money.budgets import BudgetSpent, obstacle, shared_budgets
from phaseplan.ledger.money.spending import spending
from phaseplan.ledger.name_clashes import in_the_way, name_of
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import RunRecord, State, Token, Verdict, WaveRecord, changed, now
from phaseplan.ledger.rulings import OUT
from phaseplan.ledger.run import check_token, selection
from phaseplan.ledger.run_history import continued, night, nights_of, tells_more
from phaseplan.ledger.run_note import note
from phaseplan.ledger.unpublished import WAITING, held, refused, unpublished
from phaseplan.ledger.write import Change, Snapshot, update
from phaseplan.merging.reconcile import reconcile
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.plan.names import OPEN
from phaseplan.plan.task_names import integrate, task_id
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo


@dataclass(frozen=True)
class Closing:
    """Hold how a run ended. `ok`: every selected branch is integrated; `complete`: all branches of the plan are."""

    complete: bool
    ok: bool
    message: str
    note: str = ""  # the same in a few lines, for the run's own note
    #: False: the run was closed before, and has come to nothing else since; how it ended is the same.
    fresh: bool = field(default=True, compare=False)
    seen: Snapshot | None = field(default=None, compare=False, repr=False)  # the phase afterwards


def close_phase(repo: GitRepo, remote: Remote, token: Token, *, phase: int) -> Closing:
    """Close a run's ledger and say what it came to. Doing it twice is doing it once.

    :raises Stale: the run no longer holds the ledger.
    """
    before = reconcile(repo, remote, phase, token=token)
    nameless = before.refused
    closings: list[Closing] = []

    def change(snapshot: Snapshot) -> Change | None:
        old = check_token(snapshot, token).run
        result, ledger = closing(replace(snapshot, refused=nameless)), snapshot.folded()
        closings.append(result)
        run = changed(old, closed=now(), complete=result.complete)
        nights = nights_of(repo, snapshot.opened.commit)
        tonight = continued(nights, night(snapshot, run))
        closings[-1] = replace(result, note=note(tonight, flaky((*nights, tonight))))
        if old.closed and old.complete == result.complete and not tells_more(nights, tonight):
            closings[-1] = replace(closings[-1], fresh=False)
            return None
        return Change(changed(ledger, run=run), night=tonight)

    after = update(repo, remote, phase, change, snapshot=before)
    return replace(closings[-1], seen=after)


def closing(snapshot: Snapshot) -> Closing:
    """Compute what a run would come to if it closed now: a pure function of the snapshot."""
    if isinstance(snapshot.opened, Unopened):
        return Closing(False, False, f"phase {snapshot.phase} was never opened")
    plan, run = snapshot.opened.plan, snapshot.opened.run
    chosen = selection(plan, run)
    troubles = {b: text for b in chosen if (text := _trouble(snapshot, plan, plan.by_id[b], run.id))}
    everything = all(snapshot.state(b.id) is State.INTEGRATED for b in plan)
    ledger = snapshot.folded()
    head = f" into {refs.integration(plan.phase)[11:]} ({ledger.integration[:12]})" if ledger.integration else ""
    what = "selected branches" if run.branches else "branches"
    lines = [f"Phase {plan.phase}: {len(chosen) - len(troubles)} of {len(chosen)} {what} are integrated{head}."]
    lines += [f"- {b} {plan.by_id[b].title}: {text}" for b, text in troubles.items()]
    lines += [f"Budget: {budget}." for budget in shared_budgets(snapshot)]
    lines += [_red(n, w, run) for n, w in ledger.waves.items() if w.state == "red"]
    lines += _used(snapshot, plan, run)
    point = unapproved(snapshot, everything)
    lines += [f"- {approval_state(snapshot, point)}."] if point else []
    if troubles and not (point and not any(snapshot.state(b) in OUT for b in troubles)):
        lines.append(_next_step(snapshot, plan, run, tuple(troubles)))
    ok = not troubles and not point
    return Closing(everything and ok, ok, "\n".join(lines))


def unapproved(snapshot: Snapshot, everything: bool) -> str:
    """Return the first point that this run has come to and no person has approved; empty: there is none.

    :param everything: all branches of the plan are integrated.
    """
    opened = snapshot.require_open()
    chosen = selection(opened.plan, opened.run)
    last = max((opened.plan.wave_of[b] for b in chosen), default=0)
    until = {b for b in opened.plan.by_id if opened.plan.wave_of[b] <= last}
    for point in missing(snapshot):
        if point == OPENING or (everything if point == WHOLE else until.intersection(members(opened.plan, point))):
            return point
    return ""


def _used(snapshot: Snapshot, plan: PhasePlan, run: RunRecord) -> list[str]:
    """Say what this run has used of models, and each wave and the phase in all runs; nothing if nothing was counted."""
    spent = spending(snapshot, plan)
    if spent.phase is None:
        return []
    lines = [f"Used in this run: {spent.runs.get(run.id) or 'nothing'}."]
    if len(spent.waves) > 1:
        lines += [f"- wave {number}, in all runs: {sum_}" for number, sum_ in spent.waves.items()]
    return [*lines, *([f"Used in all runs: {spent.phase}."] if len(spent.runs) > 1 else [])]


def _red(number: int, wave: WaveRecord, run: RunRecord) -> str:
    findings = "; ".join(str(f) for f in wave.findings)[:500]
    if words := refused(wave):
        return f"- wave {number} is {WAITING}, refused by the target: {words[:500]}"
    if wave.run != run.id:
        return f"- wave {number} was not integrated in this run; before it, it was red: {findings}"
    return f"- wave {number} is red: {findings}"


def _trouble(snapshot: Snapshot, plan: PhasePlan, branch: Branch, run_id: str) -> str:
    """Explain in plain words why a selected branch is not in; empty: it is."""
    record = snapshot.folded().branches.get(branch.id)
    newest = snapshot.verdicts.get(branch.id, (None,))[-1]
    if record and record.state is State.INTEGRATED:
        if newest is not None and newest.run == run_id and newest.attempt > record.attempt:
            return record.reason or f"attempt {newest.attempt} passed and is not merged"
        return _unnamed(snapshot, branch, record.verdict)
    if record and record.state is State.PENDING:
        return f"taken out to be built anew, and not built: {record.reason}"
    if (old := untouched(snapshot, branch.id)) and record:
        return old
    if record and record.state is not State.PASSED:
        return f"{record.state}: {record.reason or 'no reason given'}"
    if (cause := snapshot.not_ready(branch.id)) is not None:
        return f"blocked by {cause}, which is {snapshot.state(cause)}"
    waits = unpublished(snapshot, plan, branch)
    if record and waits:
        return f"passed; {waits['reason']}"
    return "passed, and waits to be merged" if record else old or "was not built"


def _unnamed(snapshot: Snapshot, branch: Branch, verdict: Verdict | None) -> str:
    """Explain what keeps an integrated branch from its public name; empty: it has it, or it is not in."""
    if verdict is None or snapshot.state(branch.id) is not State.INTEGRATED:
        return ""
    if held(snapshot, name := name_of(branch, verdict)):
        return ""
    if (other := in_the_way(name, snapshot.heads)) is not None:
        return f"integrated, and without its public name {name[11:]}: the target's branch {other[11:]} is in the way"
    why = snapshot.refused.get(name, "the target does not have it").splitlines()[0]
    return f"integrated, and without its public name {name[11:]}: {why}"


def _next_step(snapshot: Snapshot, plan: PhasePlan, run: RunRecord, troubled: Sequence[str]) -> str:
    """Say which tasks to Clear: those of branches out by themselves; else what stops the first wave not in."""
    waves = snapshot.waves
    if any(w.state == "red" and w.fault in ("base", "conflict") and w.run == run.id for w in waves.values()):
        return "Next: mend the base, then Clear open_phase, which takes the new base, with Downstream on."
    records = snapshot.folded().branches
    if all((r := records.get(b)) and _unnamed(snapshot, plan.by_id[b], r.verdict) for b in troubled):
        return "Next: make room for the public names in the target (or allow them), then Clear close_phase."
    stopped = [n for n, w in waves.items() if w.fault == "refused"]
    if stopped:
        what = refs.integration(plan.phase)[11:]
        return f"Next: allow {what} in the target, then Clear {integrate(min(stopped))} with Downstream on."
    first = [b for b in troubled if snapshot.state(b) in OUT]
    if not first and any(isinstance(obstacle(snapshot, b), BudgetSpent) for b in troubled):
        return f"Next: raise `budget` in the plan, then Clear {OPEN} with Downstream on."
    if not first:
        wave = min(plan.wave_of[b] for b in troubled)
        first = [b for b in troubled if plan.wave_of[b] == wave and snapshot.state(b) is State.PENDING]
    tasks = [task_id(plan, b) for b in first]
    tasks = tasks or [integrate(min(plan.wave_of[b] for b in troubled))]
    return f"Next: fix the cause, then Clear {', '.join(tasks)} with Downstream on and Only-failed off."


def complete(snapshot: Snapshot, plan: PhasePlan | None) -> bool:
    """Tell whether a phase is complete: closed with all branches integrated, not opened since, and still the same plan.

    The rule is docs/design/complete.md.

    :param plan: the plan file as it is now; None: there is none, so it cannot have changed.
    """
    run = snapshot.run
    return bool(run and run.closed and run.complete and (plan is None or same_plan(snapshot, plan)))


def same_plan(snapshot: Snapshot, plan: PhasePlan) -> bool:
    """Say whether the plan that a phase was opened with has the same effect as this one.

    The two are compared as they are hashed today: the digest in the run's record may be of another Phaseplan.
    """
    return snapshot.pinned is not None and plan_digest(snapshot.pinned.plan) == plan_digest(plan)
