"""Answer questions about the run that holds a phase: its token, the branches it judges, the waves it has reached."""

from __future__ import annotations

from collections.abc import Sequence

from phaseplan.errors import PhaseplanError, Stale
from phaseplan.ledger.opened import OpenPhase, Unopened
from phaseplan.ledger.records import Ledger, RunRecord, State, Token, changed
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.status_log import status_line
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.task_names import integrate


class WaveNotReached(PhaseplanError):
    """This run has not finished the wave before; nothing was touched."""


def check_token(snapshot: Snapshot, token: Token) -> OpenPhase:
    """Check that a token still belongs to the run that holds the ledger.

    :return: what that run has written down.
    :raises Stale: another run, or a later opening of this one, holds the ledger.
    """
    if isinstance(snapshot.opened, Unopened):
        raise Stale(
            f"run {token.run} does not hold phase {snapshot.phase}: it has no open ledger; start with open_phase"
        )
    run = snapshot.opened.run
    if (run.id, run.epoch, run.plan) != (token.run, token.epoch, token.plan):
        held = f"run {run.id} (epoch {run.epoch}) does"
        raise Stale(
            f"run {token.run} (epoch {token.epoch}) no longer holds phase {snapshot.phase}, {held}; nothing was touched"
        )
    return snapshot.opened


def selection(plan: PhasePlan, run: RunRecord) -> tuple[str, ...]:
    """List the branches a run judges: the selected ones, or all."""
    return tuple(b.id for b in plan if not run.branches or b.id in run.branches)


def settle_unfinished(plan: PhasePlan, ledger: Ledger, ids: Sequence[str]) -> tuple[Ledger, tuple[str, ...]]:
    """Record attempts without a result as unfinished: the branch is not at fault, and no attempt is used.

    A result that comes after all, because the next run takes their agents over, counts more.
    """
    records, lines = dict(ledger.branches), []
    for branch_id in ids:
        record = records.get(branch_id)
        if record and record.state is State.RUNNING:
            reason = f"its run ended before attempt {record.attempt} had a result"
            records[branch_id] = changed(record, state=State.UNFINISHED, reason=reason)
            if branch_id in plan.by_id:
                lines.append(status_line(plan, plan.by_id[branch_id], "UNFINISHED", detail=reason))
    return changed(ledger, branches=records), tuple(lines)


def reached(snapshot: Snapshot, number: int) -> None:
    """Check that the run that holds the ledger has integrated the wave before; else raise WaveNotReached."""
    opened = snapshot.require_open()
    before = [w.wave for w in opened.plan.waves if w.wave < number]
    if not before:
        return
    record = opened.ledger.waves.get(max(before))
    if record is None or record.run != opened.run.id or record.state != "integrated":
        why = "is red" if record and record.run == opened.run.id else "has not been integrated in this run"
        raise WaveNotReached(f"wave {number} was not reached: wave {max(before)} {why}; Clear {integrate(max(before))}")
