"""Isolate an integrated branch and what needs it: revert, gate and publish, or change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phaseplan.errors import Infrastructure, InputFault
from phaseplan.gates.workbench import GateFailed, Workbench
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import BranchRecord, Ledger, State, changed
from phaseplan.ledger.status_log import blocker_line, status_line
from phaseplan.ledger.write import Change, Snapshot, moved
from phaseplan.merging.reconcile import reconcile
from phaseplan.merging.regenerate import remade
from phaseplan.merging.undo import CannotUndo, Undone, undo
from phaseplan.merging.workspace import union_checks
from phaseplan.plan.graph import dependents
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import ROUNDS, Remote, pause
from phaseplan.repository.repo import GitRepo


@dataclass(frozen=True)
class TakenOut:
    """Hold the result of taking a branch out.

    :param head: integration afterwards.
    :param taken: the branch and the integrated ones that need it, in the order they were reverted; empty: it was out.
    """

    head: str
    taken: tuple[str, ...] = ()
    status_lines: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()


def take_out(remote: Remote, repo: GitRepo, bench: Workbench, phase: int, branch_id: str, reason: str = "") -> TakenOut:
    """Revert a branch's merge, and before it those of the integrated branches that need it; gate; publish.

    Needs no open run and does not fight one: only the ledger's compare-and-swap decides. Doing it twice is doing it
    once.

    :param reason: why, in a person's words.
    :raises InputFault: the branch is not integrated, later work stands in the way, or the rest is red without it;
        nothing was touched.
    """
    for round_ in range(ROUNDS):
        snapshot = reconcile(repo, remote, phase)
        plan, ledger, head = _ready(snapshot, branch_id)
        if _out(ledger.branches[branch_id]):
            return TakenOut(head)
        doomed = [b for b in (branch_id, *dependents(plan, branch_id)) if _inside(ledger, b)]
        undone = _undone(repo, plan, head, doomed)
        new = _regenerated(repo, plan, undone, bench)
        rest = [b.id for b in plan if _inside(ledger, b.id) and b.id not in doomed]
        _gate(repo, plan, (head, new), rest, bench, branch_id)
        change = _change(snapshot, plan, ledger, undone, new, branch_id, doomed, reason)
        if (after := moved(repo, remote, snapshot, change)) is not None:
            reconcile(repo, remote, phase, snapshot=after)
            order = tuple(dict.fromkeys((*undone.order, *doomed)))
            return TakenOut(new, order, change.status_lines, change.blockers)
        pause(round_)
    raise Infrastructure(f"others moved the ledger of phase {phase} {ROUNDS} times in a row; try again")


def _inside(ledger: Ledger, branch_id: str) -> bool:
    record = ledger.branches.get(branch_id)
    return record is not None and record.state is State.INTEGRATED


def _ready(snapshot: Snapshot, branch_id: str) -> tuple[PhasePlan, Ledger, str]:
    ledger = snapshot.folded()
    if isinstance(snapshot.opened, Unopened):
        raise InputFault(f"phase {snapshot.phase} was never opened: nothing of it is integrated")
    plan = snapshot.opened.plan
    if branch_id not in plan.by_id:
        raise InputFault(f"phase {plan.phase} has no branch {branch_id}; it has {', '.join(plan.by_id)}")
    record = ledger.branches.get(branch_id)
    known = record is not None and (record.state is State.INTEGRATED or _out(record))
    if not known or ledger.integration is None:
        state = record.state if record else State.PENDING
        raise InputFault(f"{branch_id} is {state}, not integrated: there is nothing to take out")
    return plan, ledger, ledger.integration


def _out(record: BranchRecord) -> bool:
    return record.cause == "taken_out" and record.state in (State.ISOLATED, State.BLOCKED)


def _undone(repo: GitRepo, plan: PhasePlan, head: str, doomed: Sequence[str]) -> Undone:
    try:
        undone = undo(repo, plan, head, doomed)
    except CannotUndo as stuck:
        raise InputFault(f"{doomed[0]} cannot be taken out: {stuck}; nothing was changed") from stuck
    if doomed[0] not in undone.acts:
        raise InputFault(f"{doomed[0]} has no merge of its own: what it brought was in the base already")
    return undone


def _regenerated(repo: GitRepo, plan: PhasePlan, undone: Undone, bench: Workbench) -> str:
    try:
        return remade(repo, plan, undone.commit, undone.sides, bench)
    except GateFailed as failed:
        raise InputFault(f"the generators fail without it, so nothing was changed: {failed}") from failed


def _gate(
    repo: GitRepo, plan: PhasePlan, move: tuple[str, str], rest: Sequence[str], bench: Workbench, out: str
) -> None:
    """Run union checks, then the validations of every wave that still has a branch in, on the exact commit."""
    old, commit = move
    waves = {plan.wave_of[branch] for branch in rest}
    commands = union_checks(plan, repo.changed_paths(old, commit)) if rest else []
    commands += [command for wave in plan.waves if wave.wave in waves for command in wave.validation]
    findings = bench.run(repo, commit, commands, title=f"without {out}") if commands else ()
    if findings:
        listed = "\n".join(f"- {finding}" for finding in findings)
        raise InputFault(f"integration is red without {out}, so nothing was changed:\n{listed}")


def _change(
    snapshot: Snapshot,
    plan: PhasePlan,
    ledger: Ledger,
    undone: Undone,
    head: str,
    branch_id: str,
    doomed: Sequence[str],
    reason: str,
) -> Change:
    """Make the ledger afterwards. A branch's newest verdict is rejected, merged or not: only a newer one counts."""
    records, lines, blockers = dict(ledger.branches), [], []
    for out in doomed:
        asked = out == branch_id
        why = f"taken out{f': {reason}' if reason else ''}" if asked else f"taken out with {branch_id}, which it needs"
        state = State.ISOLATED if asked else State.BLOCKED
        records[out] = _record(snapshot, records[out], state, undone.acts.get(out, (None, None)), why)
        lines.append(status_line(plan, plan.by_id[out], "ISOLATED" if asked else "BLOCKED", detail=why))
        if not asked:
            blockers.append(blocker_line(plan.by_id[out], why))
    run = changed(snapshot.require_open().run, complete=False)
    new = changed(ledger, branches=records, integration=head, run=run)
    return Change(new, tuple(lines), tuple(blockers))


def _record(
    snapshot: Snapshot, record: BranchRecord, state: State, acts: tuple[str | None, str | None], why: str
) -> BranchRecord:
    newest = snapshot.verdicts.get(record.verdict.branch, (None,))[-1] if record.verdict else None
    verdict = newest or record.verdict
    return BranchRecord(
        state=state,
        attempt=verdict.attempt if verdict else record.attempt,
        gating=verdict.gating if verdict else record.gating,
        commit=verdict.commit if verdict else record.commit,
        merge=acts[0] or record.merge,
        revert=acts[1],
        reason=why,
        cause="taken_out",
        verdict=verdict,
    )
