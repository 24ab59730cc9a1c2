"""Says who has a phase that this run has opened and holds no longer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phaseplan.ledger.records import Night, RunRecord
from phaseplan.ledger.snapshot import Snapshot


@dataclass(frozen=True)
class Taken:
    """A phase that another run has opened since."""

    night: Night  # what this run had come to, as the ledger's history has it
    holder: RunRecord


def taken(snapshot: Snapshot, run_id: str) -> Taken | None:
    """Find the run that has taken a phase over; None: nobody has, or this run never opened it.

    :param snapshot: read with its nights.
    """
    holder = snapshot.run
    mine = [night for night in snapshot.nights if night.run == run_id]
    return Taken(mine[-1], holder) if mine and holder is not None and holder.id != run_id else None


def told(found: Taken, phase: int) -> Iterator[str]:
    """What happened, to whom, and what to do."""
    holder, mine = found.holder, found.night
    ended = f"closed {holder.closed}" if holder.closed else "not closed yet"
    yield f"Run {holder.id} holds phase {phase} (opened {holder.opened}, {ended})."
    if mine.closed:
        yield f"This run, {mine.run}, had ended before that: {'complete' if mine.complete else 'not complete'}."
        return
    yield f"This run, {mine.run}, had opened it {mine.opened} and lost it to that one: what was left of it is skipped."
    yield "What its agents published is kept, and the other run goes on from it."
    if holder.closed:
        yield f"Next: see `./phaseplan status {phase}`; the same command again goes on from what is there."
    else:
        yield f"Next: wait for run {holder.id} (`./phaseplan status {phase}` shows it). Two runs of one phase at a time"
        yield "take it from each other: start this one again only when that one has ended or was stopped."
