"""Describe the run that holds a phase which this run has opened and lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phaseplan.ledger.records import Night, RunRecord
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.text.program import PROGRAM


@dataclass(frozen=True)
class Taken:
    """Hold a phase that another run has opened since."""

    night: Night  # what this run had come to, as the ledger's history has it
    holder: RunRecord


def taken(snapshot: Snapshot, run_id: str) -> Taken | None:
    """Find the run that has taken a phase over; None: none has, or this run never opened it.

    :param snapshot: read with its nights.
    """
    holder = snapshot.run
    own = [night for night in snapshot.nights if night.run == run_id]
    return Taken(own[-1], holder) if own and holder is not None and holder.id != run_id else None


def account(found: Taken, phase: int) -> Iterator[str]:
    """Describe what happened, to whom, and what to do."""
    holder, own = found.holder, found.night
    ended = f"closed {holder.closed}" if holder.closed else "not closed yet"
    yield f"Run {holder.id} holds phase {phase} (opened {holder.opened}, {ended})."
    if own.closed:
        yield f"This run, {own.run}, had ended before that: {'complete' if own.complete else 'not complete'}."
        return
    yield f"This run, {own.run}, had opened it {own.opened} and lost it to that one: what was left of it is skipped."
    yield "What its agents published is kept, and the other run goes on from it."
    if holder.closed:
        yield f"Next: see `{PROGRAM} status {phase}`; the same command again goes on from what is there."
    else:
        yield f"Next: wait for run {holder.id} (`{PROGRAM} status {phase}` shows it). Two runs of one phase at a time"
        yield "take it from each other: start this one again only when that one has ended or was stopped."
