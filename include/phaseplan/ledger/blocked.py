"""Build the messages about blocked branches, and send each once per run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phaseplan.ledger.records import BranchRecord, Ledger, State
from phaseplan.ledger.rulings import OUT
from phaseplan.ledger.status_log import blocker_line, status_line
from phaseplan.plan.graph import merge_order, transitive
from phaseplan.plan.model import PhasePlan


def need(plan: PhasePlan, records: Mapping[str, BranchRecord], needed: str) -> str:
    """Write what a branch waits for in the words of the document: `Need <what> from <whom>, <state>: <reason>`."""
    record = records.get(needed)
    state = record.state if record else State.PENDING
    reason = f": {record.reason}" if record and record.reason else ""
    return f"Need {plan.by_id[needed].title} from {needed}, {state}{reason}"


def blocker_lines(
    plan: PhasePlan, ledger: Ledger, ids: tuple[str, ...], waiting: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """Build the blocker lines by branch, as `Ledger.told` keeps them, and list which status and blocker lines are new.

    :param ledger: after whatever is about to be written.
    :param ids: the branches this is about; lines of others stay as they are.
    :param waiting: passed branches and what they cannot be merged without, declared or carried in their history.
    """
    lines = {b: line for b, line in ledger.told.items() if b not in ids}
    status: list[str] = []
    blockers: list[str] = []
    for branch_id, cause in _blocked(plan, ledger, ids, waiting):
        branch, reason = plan.by_id[branch_id], need(plan, ledger.branches, cause)
        lines[branch_id] = line = blocker_line(branch, reason)
        if ledger.told.get(branch_id) != line:
            status.append(status_line(plan, branch, "BLOCKED", detail=reason))
            blockers.append(line)
    return lines, tuple(status), tuple(blockers)


def _blocked(
    plan: PhasePlan, ledger: Ledger, ids: tuple[str, ...], waiting: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for branch_id in (b for b in merge_order(plan) if b in ids):
        record = ledger.branches.get(branch_id)
        if record is not None and record.state is not State.PASSED:
            continue  # in, or out by itself
        if (cause := _first_cause(plan, ledger, branch_id, waiting)) is not None:
            yield branch_id, cause


def _first_cause(plan: PhasePlan, ledger: Ledger, branch_id: str, waiting: Mapping[str, str]) -> str | None:
    """Find the deepest cause: the first in merge order of all it needs; else the end of the chain it waits for."""
    record = ledger.branches.get
    for needed in transitive(plan, branch_id):
        if (found := record(needed)) is not None and found.state in OUT:
            return needed
    at = branch_id
    while at in waiting:
        at = waiting[at]
    found = record(at)
    out = found is not None and (found.state in OUT or found.rejected > 0)
    return at if at != branch_id and out else None
