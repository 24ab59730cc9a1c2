"""Read from verdicts how long branches took in past runs."""

from __future__ import annotations

from phaseplan.ledger.snapshot import Snapshot
from phaseplan.report.timings import agent_seconds


def learned(snapshot: Snapshot) -> dict[str, tuple[float, ...]]:
    """Return agent seconds by branch id, one figure for each run in which the branch passed, failed attempts included.

    Work that a person pushed took no agent's time and does not count, nor does a run in which the branch failed.
    """
    out: dict[str, tuple[float, ...]] = {}
    for branch_id, verdicts in snapshot.verdicts.items():
        newest = {v.attempt: v for v in verdicts if v.source == "agent" and v.outcome in ("passed", "failed")}
        runs: dict[str, float] = {}
        for verdict in newest.values():
            runs[verdict.run] = runs.get(verdict.run, 0.0) + (agent_seconds(verdict) or 0.0)
        passed = {v.run for v in newest.values() if v.outcome == "passed"}
        times = tuple(seconds for run, seconds in runs.items() if run in passed and seconds > 0)
        if times:
            out[branch_id] = times
    return out
