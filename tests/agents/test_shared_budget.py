"""Attempts behind real gateways that use one budget together, and what a claim without an agent gives back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from phaseplan.attempt.clean_up import settle
from phaseplan.attempt.gateway import reserved
from phaseplan.attempt.ready import look
from phaseplan.attempt.step import step
from phaseplan.attempt.sweep import sweep
from phaseplan.ledger.claiming import NewAttempt, claimed
from phaseplan.ledger.money.budgets import BudgetSpent, shared_budgets
from phaseplan.ledger.records import SHARE
from phaseplan.report.status import build_status
from tests.agents.gateway_stage import CLAIM, KEY, carry, profile, stage_of
from tests.agents.model_server import INPUT, OUTPUT, Model
from tests.build.conftest import PLAN

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300), pytest.mark.usefixtures("gateway")]
EACH = INPUT + OUTPUT  # tokens of a call
UNTIL_SPENT = 'while not ask().startswith("402"): pass\nwrite("done")'


def test_an_attempt_is_held_to_its_part_and_the_next_gets_a_part_of_the_rest(tmp_path: Path, model: Model) -> None:
    with stage_of(
        tmp_path, profile(model, UNTIL_SPENT), plan=PLAN | {"budget": {"phase": {"tokens": 4 * EACH}}}
    ) as stage:
        done, _ = carry(stage)
        first, second = stage.snapshot().verdicts["7.1.1"]
        assert model.calls[KEY] == 3 and done.verdict == second
        assert [found.gate for found in first.findings] == [SHARE] == [found.gate for found in second.findings]
        assert first.reason.startswith(
            "share: this attempt's part of the phase's budget, 2,580 tokens, is spent; it used"
        )
        (shared,) = shared_budgets(stage.snapshot())
        assert (shared.spent("tokens"), dict(shared.held)) == (3 * EACH, {})
    said = "\n".join(stage.said)
    assert "Before this attempt, 0% of the phase's budget of 5,160 tokens: 0 tokens used." in said
    assert "Before this attempt, 50% of the phase's budget of 5,160 tokens: 2,580 tokens used." in said
    assert "; it may use 1,290 tokens." in said
    assert "Gateway: this attempt's part of the phase's budget is spent (2,580 of 2,580 tokens)" in said


def test_no_attempt_begins_when_all_is_spent(tmp_path: Path, model: Model) -> None:
    with stage_of(tmp_path, profile(model, UNTIL_SPENT), plan=PLAN | {"budget": {"night": {"tokens": EACH}}}) as stage:
        done, _ = carry(stage)
        assert (done.verdict.outcome, done.verdict.attempt) == ("failed", 1)
        spent = (
            "No attempt follows: 7.1.1 is not begun: the night's budget of 1,290 tokens is spent (1,290 tokens used)"
        )
        assert [line for line in stage.said if line.startswith(spent)]
        with stage.job("run-1/7", OPENAI_API_KEY=KEY) as job, pytest.raises(BudgetSpent, match="start another run"):
            step(job)
        assert list(stage.snapshot().started["7.1.1"]) == [1] and model.calls[KEY] == 1
        assert build_status(stage.snapshot()).branches["7.1.1"].state == "isolated"


@pytest.mark.parametrize("how", ["settle", "sweep"])
def test_a_claim_whose_agent_never_began_gives_back_what_it_reserved(tmp_path: Path, model: Model, how: str) -> None:
    with stage_of(tmp_path, profile(model, UNTIL_SPENT), plan=PLAN | {"budget": {"phase": {"tokens": 1000}}}) as stage:
        with stage.job(CLAIM) as job:
            view = look(job)
            new = NewAttempt(7, view.branch, view.run.base, CLAIM, view.run.id)
            claimed(job.repo, job.remote, new, reserve=partial(reserved, view))
        assert list(shared_budgets(stage.snapshot())[0].held) == ["7.1.1"]
        with stage.job(CLAIM) as job:
            settle(job, over=False)
        assert list(shared_budgets(stage.snapshot())[0].held) == ["7.1.1"], "the next try takes it up"
        with stage.job(CLAIM) as job:
            settle(job, over=True) if how == "settle" else sweep(job)
        (shared,) = shared_budgets(stage.snapshot())
        assert (shared.spent("tokens"), dict(shared.held)) == (0, {})
        assert stage.snapshot().verdicts["7.1.1"][0].outcome == "unfinished"
