"""Compute how long a run took, and what one agent after another would have taken. Pure."""

from __future__ import annotations

from datetime import datetime

from phaseplan.ledger.records import Ledger, Record, Verdict
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan


class Timings(Record):
    """Hold what the newest run took, in seconds, and what one agent after another would have taken."""

    sequential: float = 0.0
    actual: float = 0.0
    saved: float = 0.0
    saved_ratio: float = 0.0  # of sequential
    agent_utilisation: float = 0.0  # agents' time over actual x max_parallel_agents


def timings_of(snapshot: Snapshot, ledger: Ledger | None, plan: PhasePlan) -> Timings:
    """Compute times of the newest run only: a reused branch took it no time."""
    if ledger is None or ledger.run is None:
        return Timings()
    run = ledger.run.id
    verdicts = [v for vs in snapshot.verdicts.values() for v in vs if v.run == run and v.started and v.finished]
    waves = [w for w in ledger.waves.values() if w.run == run and w.started and w.finished]
    spans = [(v.started, v.finished) for v in verdicts] + [(w.started, w.finished) for w in waves]
    if not spans:
        return Timings()
    actual = seconds(min(start for start, _ in spans), max(end for _, end in spans)) or 0.0
    sequential = sum(seconds(start, end) or 0.0 for start, end in spans)
    agents = sum(agent_seconds(v) or 0.0 for v in verdicts)
    return Timings(
        sequential=round(sequential, 3),
        actual=round(actual, 3),
        saved=round(sequential - actual, 3),
        saved_ratio=round((sequential - actual) / sequential, 3) if sequential else 0.0,
        agent_utilisation=round(agents / (actual * plan.max_parallel_agents), 3) if actual else 0.0,
    )


def agent_seconds(verdict: Verdict) -> float | None:
    """Return how long the agent of one attempt worked, in seconds; None if unknown."""
    return verdict.timings.get("agent", seconds(verdict.started, verdict.finished))


def seconds(started: str, finished: str) -> float | None:
    """Return the seconds between two times, None if one is missing."""
    if not started or not finished:
        return None
    return round((datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds(), 3)
