"""Read from verdicts what branches used of models in past runs."""

from __future__ import annotations

from phaseplan.ledger.money.spending import Cost, costs_of
from phaseplan.ledger.money.usage import Usage, summed
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.costs import Build


def builds_of(snapshot: Snapshot) -> dict[str, tuple[Build, ...]]:
    """Return what each branch used, one figure for each run that a gateway counted, failed attempts included."""
    out: dict[str, tuple[Build, ...]] = {}
    for branch_id, verdicts in snapshot.verdicts.items():
        agents = {verdict.attempt: verdict.agent for verdict in verdicts}
        runs: dict[str, list[Cost]] = {}
        for cost in costs_of(snapshot, branch_id):
            runs.setdefault(cost.run, []).append(cost)
        if runs:
            out[branch_id] = tuple(_build(costs, agents[costs[-1].attempt]) for costs in runs.values())
    return out


def _build(costs: list[Cost], agent: str) -> Build:
    usage = summed(cost.usage for cost in costs) or Usage()
    known = all(used.usd is not None for used in usage.models.values())
    return Build(usage.tokens, usage.usd if known else None, agent)
