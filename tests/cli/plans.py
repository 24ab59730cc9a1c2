"""A small plan and the records a run of it leaves, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from phaseplan.ledger.records import BranchRecord, Ledger, RunRecord, State, Verdict
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan

RUN = "run-1"


def plan(phase: int = 7, **changes: Any) -> PhasePlan:
    """Make two waves: a and b, then c, which needs a."""

    def branch(name: str, lines: int, *needs: str) -> dict[str, Any]:
        return {
            "id": f"{phase}.{name}",
            "branch": f"feature/p{phase}-{name}",
            "title": f"Part {name.upper()}",
            "lines": lines,
            "depends_on": [f"{phase}.{n}" for n in needs],
            "owns": [f"{name}/"],
        }

    return PhasePlan.model_validate(
        {
            "phase": phase,
            "title": "Small",
            "max_parallel_agents": 2,
            "waves": [
                {"wave": 1, "title": "First", "branches": [branch("a", 100), branch("b", 200)]},
                {"wave": 2, "title": "Second", "branches": [branch("c", 100, "a")]},
            ],
            **changes,
        }
    )


def at(second: float) -> str:
    """Return a time, `second` seconds after ten o'clock."""
    return f"2026-01-05T10:{int(second) // 60:02}:{second % 60:06.3f}Z"


def verdict(branch: str, start: float, end: float, **changes: Any) -> Verdict:
    """Make a passed verdict of an attempt that ran from `start` to `end`."""
    fields: dict[str, Any] = {
        "phase": 7,
        "branch": branch,
        "attempt": 1,
        "run": RUN,
        "claim": f"{RUN}.0",
        "outcome": "passed",
        "base": "0" * 40,
        "raw": "a" * 40,
        "commit": "b" * 40,
        "lines": 12,
        "name": f"feature/p7-{branch[-1]}",
        "started": at(start),
        "finished": at(end),
    }
    return Verdict.model_validate(fields | changes)


def record(state: State, made: Verdict) -> BranchRecord:
    """Make the ledger's record of a verdict."""
    return BranchRecord(state=state, attempt=made.attempt, commit=made.commit, verdict=made, reason=made.reason)


def ledger(of: PhasePlan, *, closed: bool = False, complete: bool = False, **fields: Any) -> Ledger:
    """Make a ledger that run-1 has opened."""
    run = RunRecord(
        id=RUN,
        epoch=1,
        base="0" * 40,
        base_name="main",
        plan=plan_digest(of),
        start="wave",
        opened=at(0),
        closed=at(100) if closed else None,
        complete=complete,
    )
    return Ledger(id="l1", phase=of.phase, run=run, **fields)
