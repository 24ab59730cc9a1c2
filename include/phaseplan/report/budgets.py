"""Describe the budgets that the branches of a phase share. Pure."""

from __future__ import annotations

from typing import Any

from phaseplan.ledger.money.budgets import BudgetSpent, SharedBudget, obstacle, shared_budgets
from phaseplan.ledger.money.usage import Allowance, Usage
from phaseplan.ledger.records import Record, State
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.budget import Budget


class BudgetStatus(Record):
    """Describe a budget that branches share, and what has become of it."""

    limit: Budget
    used: Usage
    usd: float  # of it, as far as its price is known
    lost: tuple[Allowance, ...] = ()  # by attempts whose gateways' records are lost: they count in full
    reserved: dict[str, Allowance] = {}  # by branch
    words: str


def budgets_of(snapshot: Snapshot) -> dict[str, BudgetStatus]:
    """Return the budgets of a phase and of its newest run, as `phase` and `night`; those that its plan has."""
    return {shared.name: _status(shared) for shared in shared_budgets(snapshot)}


def _status(shared: SharedBudget) -> BudgetStatus:
    return BudgetStatus(
        limit=shared.limit,
        used=shared.used,
        usd=shared.usd,
        lost=shared.lost,
        reserved=dict(shared.held),
        words=str(shared),
    )


def unaffordable(snapshot: Snapshot, branch_id: str) -> dict[str, Any]:
    """Return the fields of a branch that nothing was done about where a shared budget is in its way."""
    budget = obstacle(snapshot, branch_id)
    if budget is None or snapshot.first_cause(branch_id) is not None:
        return {}
    spent = {"state": State.BLOCKED, "budget_spent": True} if isinstance(budget, BudgetSpent) else {}
    return {"reason": str(budget), **spent}


def spent_for(snapshot: Snapshot, branch_id: str) -> bool:
    """Say whether no attempt of a branch begins any more, because a budget that it shares is spent."""
    return isinstance(obstacle(snapshot, branch_id), BudgetSpent)
