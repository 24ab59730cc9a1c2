"""A phase whose branches share a budget, on a real target, without containers: begun and judged by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from phaseplan.ledger.attempt_refs import publish_result
from phaseplan.ledger.claiming import Claimed, NewAttempt, claimed
from phaseplan.ledger.money.budgets import reserve
from phaseplan.ledger.money.usage import Allowance, ModelUsage, Usage
from phaseplan.ledger.records import Token, Verdict, now
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.phase.open import open_phase
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.budget import Budget
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from tests.git.lab import PHASE, Lab, plan_of

BEHIND = AgentProfile.model_validate(
    {"use": "codex", "model": "gpt", "secrets": {"key": "my_connection"}, "prices": {"gpt": {"input": 1, "output": 1}}}
)
OPEN = AgentProfile(image="x:1")


def shared(
    branches: Sequence[str] = ("1", "2", "3", "4"), own: Mapping[str, Any] | None = None, **limits: Any
) -> PhasePlan:
    """A plan of one wave whose branches share `phase` and `night`."""
    plan = plan_of({b: [] for b in branches}, agent="sh", budget=limits)
    if own is None:
        return plan
    wave = plan.waves[0]
    given = tuple(b.model_copy(update={"budget": Budget.model_validate(own)}) for b in wave.branches)
    return plan.with_(waves=(wave.model_copy(update={"branches": given}),))


def opened(lab: Lab, plan: PhasePlan, run: str = "run-1", profile: AgentProfile = BEHIND, **more: Any) -> Token:
    """Open the phase for a run."""
    return open_phase(lab.remote, lab.repo, plan, {"sh": profile}, run_id=run, base_name="main", start="wave", **more)


def ask(branch_id: str, snapshot: Snapshot) -> Allowance | None:
    """Decide what an attempt of a branch may use, as its task does."""
    return reserve(snapshot, branch_id, snapshot.require_open().plan.by_id[branch_id].budget)


def start(
    repo: GitRepo, remote: Remote, plan: PhasePlan, branch_id: str, base: str, claim: str, **more: Any
) -> Claimed:
    """Start an attempt."""
    run = claim.partition("/")[0]
    new = NewAttempt(PHASE, plan.by_id[branch_id], base, claim, run)
    return claimed(repo, remote, new, reserve=partial(ask, branch_id), **more)


def begin(lab: Lab, plan: PhasePlan, branch_id: str, claim: str = "run-1/0", **more: Any) -> Claimed:
    """Start an attempt by the lab's own worker."""
    return start(lab.repo, lab.remote, plan, branch_id, lab.main, claim, **more)


def used(tokens: int, usd: float | None = 0.0) -> Usage:
    """A usage in so many tokens."""
    return Usage(calls=1, models={"gpt": ModelUsage(input=tokens, usd=usd)})


def end(lab: Lab, branch_id: str, number: int, usage: Usage | None, outcome: str = "passed", **more: Any) -> None:
    """Judge an attempt."""
    claim = lab.read().started[branch_id][number]
    judged = claim.base if outcome == "passed" else None
    given = {"phase": PHASE, "branch": branch_id, "attempt": number, "run": claim.run, "claim": claim.claim,
             "outcome": outcome, "base": claim.base, "usage": usage, "commit": judged, "started": now(),
             "finished": now(), **more}  # fmt: skip
    publish_result(lab.repo, lab.remote, Verdict.model_validate(given), None)
