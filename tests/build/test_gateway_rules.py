"""What follows from what a gateway saw, without one: retries, spent budgets, sums, names that hold a secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowException

from phaseplan.airflow.operators.branch_build import _answer
from phaseplan.airflow.operators.retrying import BRANCH_RETRIES, FEW, RETRIES, ByCause
from phaseplan.attempt.gateway import left_of, trouble_words
from phaseplan.attempt.job import Done, ProviderAway
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import EngineUnreachable, ImageMissing
from phaseplan.containers.gateways.record import GatewayRecord, Trouble, sentence
from phaseplan.containers.redact import Redactor
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger.money.usage import ModelUsage, Usage, summed
from phaseplan.ledger.pause.pauses import LONGEST, Pause, Paused
from phaseplan.ledger.records import PROVIDER, SPENDING, Finding, Verdict, now, stamp
from phaseplan.ledger.rulings import follows
from phaseplan.phase.preflight import Ahead, check_budgets, check_engine
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.budget import Budget
from phaseplan.plan.model import PhasePlan
from tests.build.conftest import PLAN

BEHIND = AgentProfile(use="codex", model="gpt", secrets={"key": "my_connection"})
OPEN = AgentProfile(image="x:1")


def verdict(outcome: str, *findings: Finding, **more: object) -> Verdict:
    given = {"phase": 7, "branch": "7.1.1", "attempt": 1, "run": "r", "claim": "r/0", "outcome": outcome, "base": "b"}
    return Verdict.model_validate({**given, "findings": findings, **more})


@pytest.mark.parametrize(("asked", "tried", "seconds"), [(None, 1, 10), (90.0, 1, 90), (5.0, 3, 40), (1e9, 1, LONGEST)])
def test_a_retry_waits_for_as_long_as_the_provider_asks(asked: float | None, tried: int, seconds: float) -> None:
    made = verdict("unfinished", Finding(gate=PROVIDER, message="busy"), retry_after=asked)
    with pytest.raises(AirflowException) as raised:
        _answer(Done(made))
    decision = ByCause(10).evaluate(raised.value, tried, RETRIES)
    assert decision.retry_delay == timedelta(seconds=seconds)


def paused(after: float) -> Pause:
    when = datetime.now(UTC) + timedelta(seconds=after)
    return Pause(profile="night", run="r", branch="7.1.2", attempt=1, reason="401", since=now(), next=stamp(when))


def test_a_retry_of_a_paused_profile_waits_for_its_next_try_and_no_longer() -> None:
    made = verdict("unfinished", Finding(gate=PROVIDER, message="busy"))
    with pytest.raises(AirflowException, match="no attempt is consumed") as raised:
        _answer(Done(made, pause=paused(240)))
    decision = ByCause(10, BRANCH_RETRIES).evaluate(raised.value, 60, BRANCH_RETRIES)
    assert decision.action is RetryAction.RETRY and decision.retry_delay is not None
    assert 235 < decision.retry_delay.total_seconds() < 241
    assert str(decision.reason).startswith("profile night is paused since")
    with pytest.raises(AirflowException) as raised:
        _answer(Done(made, pause=paused(240).model_copy(update={"ended": now()})))
    assert isinstance(raised.value.__cause__, ProviderAway)


def test_the_patience_of_a_paused_branch_is_a_night() -> None:
    waits = [60.0 * 2**n for n in range(4)] + [600.0] * (BRANCH_RETRIES - 4)
    assert sum(waits) > 10 * 3600


class Store(dict[str, Any]):
    """What Airflow keeps of a task from try to try."""

    set = dict.__setitem__


class Broken:
    """An API server that does not answer."""

    def get(self, key: str) -> Any:
        raise ConnectionError

    set = get


def test_tries_that_only_met_a_pause_are_none_of_another_trouble() -> None:
    policy, waits, odd = ByCause(10, BRANCH_RETRIES), Paused(paused(1), "7.1.1"), Infrastructure("odd")
    context = {"task_state_store": Store()}
    for n in range(1, 21):
        assert policy.evaluate(waits, n, BRANCH_RETRIES, context).action is RetryAction.RETRY
    tries = [policy.evaluate(odd, n, BRANCH_RETRIES, context) for n in range(21, 22 + FEW)]
    assert [t.action for t in tries] == [RetryAction.RETRY] * FEW + [RetryAction.FAIL]
    assert tries[0].retry_delay == timedelta(seconds=10)
    cleared = policy.evaluate(odd, 25, 24 + BRANCH_RETRIES, context)
    assert cleared.action is RetryAction.RETRY, "a Clear begins anew"
    assert policy.evaluate(odd, 1, BRANCH_RETRIES, {"task_state_store": Broken()}).action is RetryAction.RETRY
    assert policy.evaluate(waits, 1, BRANCH_RETRIES, {"task_state_store": Broken()}).action is RetryAction.RETRY


def test_an_engine_that_stays_away_ends_a_branch_after_an_hour_as_before() -> None:
    policy, away = ByCause(10, BRANCH_RETRIES), EngineUnreachable("away")
    actions = [policy.evaluate(away, n, BRANCH_RETRIES).action for n in range(1, RETRIES + 2)]
    assert actions == [RetryAction.RETRY] * RETRIES + [RetryAction.FAIL]


def test_dollars_that_are_known_count_for_a_budget_beside_a_price_that_is_not() -> None:
    """A table of prices may have learnt a model between two attempts, or a profile's have lost one."""
    priced, unpriced = (Usage(calls=1, models={"m": ModelUsage(input=10, usd=usd)}) for usd in (2.0, None))
    left = left_of(Budget(tokens=100, usd=5.0), [priced, unpriced])
    assert left is not None and (left.tokens, left.usd) == (80, 3.0)
    assert left_of(Budget(usd=5.0), []) == Budget(usd=5.0) and left_of(None, [priced]) is None


def test_no_attempt_follows_one_that_has_spent_the_budget() -> None:
    assert follows([verdict("failed", Finding(gate="agent", message="code 1"))], "r/0", 2)
    spent = verdict("failed", Finding(gate=SPENDING, message="spent"))
    assert not follows([spent], "r/0", 2)
    assert follows([spent], "r/1", 2), "a Clear begins with the whole budget"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the provider refuses the key of profile night (401 no): mend the Airflow connection `my_connection`"),
        (403, "the provider refuses the key of profile night"),
        (429, "the provider lets profile night in no more for now (429 no), and asks to wait 30 s"),
        (529, "the provider lets profile night in no more for now"),
        (503, "the provider of profile night is in trouble (503 no)"),
        (308, "the provider of profile night sends its callers elsewhere (308 no): mend its `endpoint`"),
        (0, "the provider of profile night cannot be reached at https://api.openai.com (no)"),
    ],
)
def test_trouble_is_said_with_the_profile_and_the_next_step(status: int, words: str) -> None:
    assert trouble_words(Trouble(status=status, message="no", retry_after=30), "night", BEHIND).startswith(words)


def test_a_budget_that_nothing_would_hold_is_refused_before_any_agent_starts() -> None:
    plan = PhasePlan.model_validate(PLAN)
    branch = plan.by_id["7.1.1"].model_copy(update={"budget": {"tokens": 5}})
    wave = plan.waves[0].model_copy(update={"branches": (branch, plan.by_id["7.1.2"])})
    plan = plan.with_(waves=(wave,))
    check_budgets(Ahead(plan, ["7.1.1"], {"sh": BEHIND}))
    check_budgets(Ahead(plan, ["7.1.2"], {"sh": OPEN}))
    check_budgets(Ahead(plan, ["7.1.1"], {"night": BEHIND}, "night"))
    with pytest.raises(InputFault, match=r"7.1.1 has a budget, and nothing would hold it: agent profile sh"):
        check_budgets(Ahead(plan, ["7.1.1"], {"sh": OPEN}))


@pytest.mark.docker
def test_a_missing_image_of_gateways_is_named_with_both_ways_on() -> None:
    client, here = engine.connect(settings().docker_url), settings()
    ahead = Ahead(PhasePlan.model_validate(PLAN), [], {"night": BEHIND})
    with pytest.raises(ImageMissing, match=r"image phaseplan/gateway:none is not .*`make images`.*`gateway: false`"):
        check_engine(client, ahead, here.collector_image, "phaseplan/gateway:none")


def test_sums_say_which_price_is_unknown() -> None:
    known = Usage(calls=2, models={"a": ModelUsage(input=12300, output=1240, cached=5, usd=0.0812)})
    unknown = Usage(calls=1, models={"b": ModelUsage(input=1000, output=1)}, refused={"x:443": 2})
    assert str(known) == "12,300 tokens in (5 cached), 1,240 out, $0.08"
    assert str(unknown) == "1,000 tokens in, 1 out, price unknown"
    both = summed([known, None, unknown, unknown])
    assert str(both) == "14,300 tokens in (5 cached), 1,242 out, $0.08, price of b unknown"
    assert both is not None and (both.calls, both.refused, both.tokens) == (4, {"x:443": 4}, 15542)
    assert summed([None]) is None


def test_a_secret_that_an_agent_asks_for_as_a_host_or_a_model_is_not_written_down() -> None:
    models = {"s3cr3t-1": ModelUsage(input=1), "s3cr3t-2": ModelUsage(input=2)}
    usage = Usage(calls=3, models=models, refused={"s3cr3t.evil:443": 1})
    redacted = Redactor(["s3cr3t"]).verdict(verdict("passed", usage=usage)).usage
    assert redacted is not None and redacted.calls == 3
    assert (set(redacted.models), redacted.refused) == ({"***-1", "***-2"}, {"***.evil:443": 1})


def test_a_record_is_taken_for_numbers_and_its_texts_for_nothing() -> None:
    given = {"version": 1, "calls": 1, "trouble": {"status": 401, "message": "\x1b[2Jno\nFINDING forged" + "x" * 900}}
    record = GatewayRecord.model_validate(given)
    assert record.trouble is not None and len(record.trouble.message) == 500
    assert not {"\x1b", "\n"} & set(record.trouble.message)
    for wrong in ({"version": 2}, {"version": 1, "calls": -1}, {"version": 1, "models": {"m": {"input": -5}}},
                  {"version": 1, "models": {"m": {"usd": float("nan")}}}):  # fmt: skip
        with pytest.raises(ValueError, match="validation error"):
            GatewayRecord.model_validate(wrong)
    assert sentence('{"say": "80% \\u001b[31m"}').startswith("80% ")
    assert "\x1b" not in sentence('{"say": "80% \\u001b[31m"}')
    assert sentence("Traceback") == "Traceback"
