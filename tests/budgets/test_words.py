"""What people are shown of budgets that branches share: status, its table and JSON, the closing message, the note."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowSkipException
from rich.console import Console

from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.retrying import BRANCH_RETRIES, ByCause
from phaseplan.cli.status import show
from phaseplan.ledger.money.budgets import BudgetHeld, BudgetSpent
from phaseplan.ledger.records import SHARE, SPENDING, Finding
from phaseplan.ledger.rulings import follows
from phaseplan.plan.model import PhasePlan
from phaseplan.report.status import build_status
from tests.budgets.plans import begin, end, opened, shared, used
from tests.git.lab import Lab

SPENT = "2 is not begun: the phase's budget of 1,000 tokens is spent (1,012 tokens used)."
NEXT = "Next: raise `budget` in the plan, then Clear open_phase with Downstream on"


def printed(lab: Lab, plan: PhasePlan) -> str:
    console = Console(width=200, color_system=None, force_terminal=False, highlight=False)
    with console.capture() as capture:
        show(console, build_status(lab.read()), lab.read(), plan)
    return capture.get()


def test_a_branch_that_a_spent_budget_stops_is_blocked_and_nothing_of_its_own(lab: Lab) -> None:
    plan = shared(("1", "2"), own={"tokens": 1000}, phase={"tokens": 1000})
    token = opened(lab, plan)
    begin(lab, plan, "1")
    end(lab, "1", 1, used(1012))
    branch = build_status(lab.read()).branches["2"]
    assert (branch.state, branch.attempt, branch.budget_spent, branch.reason) == ("blocked", 0, True, f"{SPENT} {NEXT}")
    shown = printed(lab, plan)
    assert "budget    101% of the phase's budget of 1,000 tokens: 1,012 tokens used\n" in shown
    assert f"2 blocked: {SPENT} {NEXT}\n" in shown and "next: Clear" not in shown
    closing = lab.close(token)
    assert f"- 2 Branch 2: not built in this run: {SPENT}" in closing.message
    assert "\nBudget: 101% of the phase's budget of 1,000 tokens: 1,012 tokens used.\n" in closing.message
    assert closing.message.endswith(f"{NEXT}.")
    assert "- waiting: 1 (passed, and is not merged), 2 (2 is not begun: the phase's budget" in closing.note
    assert "- 101% of the phase's budget of 1,000 tokens: 1,012 tokens used" in closing.note
    assert f"2 blocked: {SPENT} {NEXT}\n" in printed(lab, plan)


def test_a_branch_that_waits_for_budget_is_pending_and_says_for_whom(lab: Lab) -> None:
    plan = shared(("1", "2"), own={"tokens": 1000}, phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    status = build_status(lab.read())
    assert status.branches["2"].state == "pending"
    assert status.branches["2"].reason.startswith("2 waits for 1 to end: nothing of the phase's budget of 1,000 tokens")
    held = status.model_dump(mode="json")["budgets"]["phase"]
    assert held["limit"] == {"tokens": 1000, "usd": None} and held["reserved"]["1"]["tokens"] == 1000
    assert "1,000 tokens reserved by 1" in held["words"]


@pytest.mark.parametrize(("limit", "state"), [(1000, "isolated"), (2000, "running")])
def test_no_attempt_is_announced_where_the_budget_is_spent(lab: Lab, limit: int, state: str) -> None:
    plan = shared(("1", "2"), own={"tokens": 1000}, phase={"tokens": limit})
    opened(lab, plan)
    begin(lab, plan, "1")
    end(lab, "1", 1, used(1012), "failed", findings=(Finding(gate="agent", message="code 1"),))
    assert build_status(lab.read()).branches["1"].state == state


def test_the_part_of_a_shared_budget_ends_an_attempt_and_not_the_branch(lab: Lab) -> None:
    plan = shared(("1",), phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    for gate, next_one in ((SHARE, True), (SPENDING, False)):
        end(lab, "1", 1, used(5), "failed", findings=(Finding(gate=gate, message="spent"),), gating=1 + next_one)
        judged = [v for v in lab.read().verdicts["1"] if v.findings[0].gate == gate]
        assert follows(judged, "run-1/0", 2) is next_one


def test_a_task_that_waits_for_budget_is_tried_again_for_a_night_and_a_spent_one_skips() -> None:
    with pytest.raises(AirflowException, match=r"^no attempt is consumed: 2 waits for 1") as raised, faults():
        raise BudgetHeld("2 waits for 1 to end")
    policy = ByCause(10, BRANCH_RETRIES)
    waits = [policy.evaluate(raised.value, tried, BRANCH_RETRIES) for tried in range(1, BRANCH_RETRIES + 1)]
    assert waits[0].retry_delay == timedelta(seconds=10) and waits[0].reason == "2 waits for 1 to end"
    assert max(wait.retry_delay or timedelta() for wait in waits) == timedelta(minutes=10)
    assert sum((wait.retry_delay or timedelta() for wait in waits), timedelta()) > timedelta(hours=10)
    with pytest.raises(AirflowSkipException, match="spent"), faults():
        raise BudgetSpent("the phase's budget is spent")
