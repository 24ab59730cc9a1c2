"""The budget of a plan: how it is written, what lint says of it, and that it changes nothing that is built."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from phaseplan.containers.gateways.gateway import policy
from phaseplan.documents.export.document import markdown
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.budget import Budget, PhaseBudget
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.lint.rules import budgets
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.model import PhasePlan
from tests.budgets.plans import BEHIND, OPEN, shared
from tests.documents.test_round_trip import imported

GIVEN = {"phase": {"tokens": 2000, "usd": 5}, "night": {"usd": 1}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "write phase, night or both"),
        ({"phase": {}}, "write tokens, usd or both"),
        ({"tokens": 5}, "Extra inputs are not permitted"),
        ({"night": {"tokens": 0}}, "greater than 0"),
    ],
)
def test_a_budget_that_limits_nothing_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PhaseBudget.model_validate(given)


def test_a_budget_is_in_no_digest_and_survives_export_and_import() -> None:
    plan = shared(**GIVEN)
    assert plan_digest(plan) == plan_digest(plan.with_(budget=None)) == plan_digest(shared(phase={"tokens": 1}))
    assert PhasePlan.model_validate(imported(markdown(plan))).budget == plan.budget


def advice(plan: PhasePlan, **profiles: AgentProfile) -> list[str]:
    view = View(plan, frozenset(profiles), described=profiles)
    return [f"{f.code} {f.message}" for rule in (budgets.counted, budgets.not_below_a_branch) for f in rule(view)]


def test_lint_says_what_nothing_counts() -> None:
    plan = shared(**GIVEN)
    wave = plan.waves[0]
    mixed = (wave.branches[0].model_copy(update={"agent": "open"}), *wave.branches[1:])
    mixed_plan = plan.with_(waves=(wave.model_copy(update={"branches": mixed}),))
    assert advice(plan, sh=BEHIND) == [] == advice(plan) == advice(plan.with_(budget=None), sh=OPEN)
    assert advice(plan, sh=OPEN) == ["PP606 no agent of this plan has a gateway: nothing is counted"]
    uncounted = "PP606 agent `open` has no gateway: what it uses is not counted"
    assert advice(mixed_plan, sh=BEHIND, open=OPEN) == [uncounted]
    unpriced = BEHIND.model_copy(update={"model": "mystery"})
    unknown = "PP606 the price of mystery, of agent `sh`, is not known: no budget in dollars holds it"
    assert advice(plan, sh=unpriced) == [unknown]
    assert advice(shared(night={"tokens": 5}), sh=unpriced) == []


def test_lint_says_that_one_branch_may_use_more_than_all() -> None:
    plan = shared(["1"], own={"tokens": 3000, "usd": 5}, **GIVEN)
    words = "PP607 1 may use 3,000 tokens and $5.00, and the whole"
    assert advice(plan, sh=BEHIND) == [f"{words} phase 2,000 tokens and $5.00", f"{words} night $1.00"]
    rich = BEHIND.model_copy(update={"budget": Budget(usd=2)})
    assert advice(shared(["1"], **GIVEN), sh=rich) == ["PP607 1 may use $2.00, and the whole night $1.00"]


def test_a_gateway_is_told_what_to_call_a_part_of_a_shared_budget() -> None:
    assert policy(BEHIND, "t", Budget(tokens=5))["budget"] == {"tokens": 5, "usd": None, "names": {}}
    named = policy(BEHIND, "t", Budget(usd=5), {"usd": "this attempt's part"})["budget"]
    assert named == {"tokens": None, "usd": 5, "names": {"usd": "this attempt's part"}}
