"""Tell what happened last to a branch, where its record is older than the run."""

from __future__ import annotations

from phaseplan.ledger.money.budgets import obstacle
from phaseplan.ledger.records import RunRecord, State
from phaseplan.ledger.rulings import READY
from phaseplan.ledger.snapshot import Snapshot


def untouched(snapshot: Snapshot, branch_id: str) -> str:
    """Explain why the run that holds the ledger has not built a branch, and what an earlier run recorded about it.

    True only of a run whose tasks have ended. Empty: the run has built, judged or merged the branch, it is not about
    the branch, or nothing is known.
    """
    run = snapshot.run
    record = snapshot.folded().branches.get(branch_id)
    if run is None or (run.branches and branch_id not in run.branches):
        return ""
    if _touched(snapshot, run, branch_id) or (record and record.state in (*READY, State.PENDING, State.RUNNING)):
        return ""
    if record and record.cause and not record.run and record.cause != "failed":
        return ""  # taken out by a person, or decided before records said in which run
    message = f"not built in this run: {_why(snapshot, run, branch_id)}"
    return f"{message}; before it, {record.state}: {record.reason}" if record and record.reason else message


def _touched(snapshot: Snapshot, run: RunRecord, branch_id: str) -> bool:
    claims, verdicts = snapshot.started.get(branch_id, {}), snapshot.verdicts.get(branch_id, ())
    record = snapshot.folded().branches.get(branch_id)
    own = any(claim.run == run.id for claim in claims.values()) or any(v.run == run.id for v in verdicts)
    return own or (record is not None and record.run == run.id)


def _why(snapshot: Snapshot, run: RunRecord, branch_id: str) -> str:
    plan = snapshot.require_open().plan
    if (needed := snapshot.first_cause(branch_id)) is not None:
        return f"it needs {needed}, which is {snapshot.state(needed)}"
    before = max((w.wave for w in plan.waves if w.wave < plan.wave_of[branch_id]), default=None)
    if run.start == "wave" and before is not None:
        wave = snapshot.waves.get(before)
        if wave is None or wave.run != run.id or wave.state != "integrated":
            return f"wave {before} was not integrated"
    if budget := obstacle(snapshot, branch_id):
        return str(budget)
    return "its task ended before an attempt began, and its log says why"
