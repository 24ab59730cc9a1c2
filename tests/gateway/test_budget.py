"""Budgets in tokens and in dollars, held at every call, and with many calls at a time."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import Any

import pytest

from tests.gateway import scripted
from tests.gateway.conftest import MODEL, Start

SMALL = {"model": MODEL, "max_tokens": 10}
EACH = 157  # tokens of a call


def test_a_budget_in_tokens_is_near_and_then_spent(start: Start, provider: scripted.Provider) -> None:
    gateway = start(budget={"tokens": 5 * EACH, "usd": None})
    assert [gateway.message().status for _ in range(3)] == [200] * 3
    assert gateway.usage()["budget"] is None and gateway.said == []
    gateway.message()
    assert gateway.usage()["budget"] == "near"
    gateway.message()
    assert gateway.usage()["budget"] == "near"  # nothing was refused yet
    answer = gateway.message()
    assert answer.status == 402 and answer.headers["x-should-retry"] == "false"
    assert answer.json["error"]["type"] == "budget_exceeded" and "785 of 785 tokens" in answer.json["error"]["message"]
    assert gateway.message().status == 402
    assert gateway.usage()["budget"] == "spent" and gateway.usage()["calls"] == 5 and len(provider.asked) == 5
    gateway.wait_for(lambda: len(gateway.said) == 2)
    assert gateway.said == [
        "80% of the budget of this attempt is used (628 of 785 tokens)",
        "the budget of this attempt is spent (785 of 785 tokens): its model is asked nothing more",
    ]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/chat/completions", lambda data: (data["error"]["type"], data["error"]["code"])),
        ("/v1/responses", lambda data: (data["error"]["type"], data["error"]["code"])),
        (f"/v1beta/models/{MODEL}:generateContent", lambda data: (data["error"]["status"], data["error"]["status"])),
    ],
)
def test_a_spent_budget_is_told_in_the_agents_protocol(start: Start, path: str, kind: Any) -> None:
    answer = start("openai", budget={"tokens": 0, "usd": None}).ask(path, {"model": MODEL})
    assert answer.status == 402 and kind(answer.json) == ("budget_exceeded", "budget_exceeded")


def test_a_budget_in_dollars_is_held(start: Start, provider: scripted.Provider) -> None:
    gateway = start(budget={"tokens": None, "usd": 0.001})  # a call costs 0.000474
    assert [gateway.message().status for _ in range(4)] == [200, 200, 200, 402]
    assert gateway.usage()["models"][MODEL]["usd"] == pytest.approx(3 * 0.000474)
    assert gateway.usage()["budget"] == "spent"


def test_a_price_that_is_not_known_is_never_nothing(start: Start, provider: scripted.Provider) -> None:
    gateway = start(budget={"tokens": None, "usd": 0.001})
    for _ in range(5):
        assert gateway.message(model="strange-model").status == 200
    assert gateway.usage()["models"] == {"strange-model": {"input": 750, "output": 35, "cached": 150, "usd": None}}
    gateway.wait_for(lambda: bool(gateway.said))
    assert len(gateway.said) == 1 and "price of model strange-model is not known" in gateway.said[0]


@pytest.mark.parametrize("name", ["model-1-20260101", "model-1-2026-01-01", "model-1-latest", "vendor/model-1"])
def test_a_dated_name_has_the_price_of_the_model(start: Start, name: str) -> None:
    gateway = start()
    gateway.message(model=name)
    assert gateway.usage()["models"][name]["usd"] == pytest.approx(0.000474)


def test_a_name_without_a_price_has_that_of_the_model_that_answers(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    named = {**scripted.whole("/v1/messages"), "model": "model-1-20260101"}
    provider.script.append(lambda handler: handler.say(200, json.dumps(named).encode()))
    gateway.message(model="an-alias")
    assert gateway.usage()["models"]["an-alias"]["usd"] == pytest.approx(0.000474)


def test_what_is_put_into_the_cache_has_a_price_of_its_own(start: Start) -> None:
    price = {"input": 3.0, "output": 15.0, "cached": 0.3, "written": 3.75}
    gateway = start(prices={MODEL: price})
    gateway.message()
    cost = (100 * 3 + 20 * 3.75 + 30 * 0.3 + 7 * 15) / 1e6
    assert gateway.usage()["models"][MODEL]["usd"] == pytest.approx(cost)


def parallel(count: int, work: Any) -> list[Any]:
    """Do something in many threads at once."""
    out: list[Any] = []
    threads = [threading.Thread(target=lambda: out.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return out


class Gauge:
    """How many requests a provider works on at a time."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    def step(self, handler: scripted.Handler) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.3)
        with self.lock:
            self.now -= 1
        scripted.good(handler)


def test_fifty_calls_at_a_time_are_all_counted(start: Start, provider: scripted.Provider) -> None:
    gateway, gauge = start(), Gauge()
    provider.script += [gauge.step] * 50
    assert Counter(answer.status for answer in parallel(50, gateway.message)) == {200: 50}
    assert gauge.most > 10  # they are not made one by one
    usage = gateway.usage()
    assert usage["models"][MODEL] | {"usd": 0} == {"input": 7500, "output": 350, "cached": 1500, "usd": 0}
    assert usage["calls"] == usage["answered"] == len(gateway.calls()) == 50


@pytest.mark.parametrize("unit", ["tokens", "usd"])
def test_calls_in_parallel_do_not_overshoot_a_budget(start: Start, provider: scripted.Provider, unit: str) -> None:
    """Each says that it may take 10,000 tokens: near the end, calls wait for those under way instead of passing too."""
    budget = {"tokens": 20_500, "usd": None} if unit == "tokens" else {"tokens": None, "usd": 0.302}
    gateway, gauge = start(budget=budget), Gauge()
    provider.script += [gauge.step] * 12
    answers = parallel(12, lambda: gateway.message(max_tokens=10_000))
    assert Counter(answer.status for answer in answers) == {200: 12}  # really each took little
    assert gauge.most == 2


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/chat/completions", {"n": 10, "max_tokens": 1000}),
        (
            f"/v1beta/models/{MODEL}:generateContent",
            {"generationConfig": {"candidateCount": 10, "maxOutputTokens": 1000}},
        ),
    ],
)
def test_a_call_for_several_answers_reserves_for_each(
    start: Start, provider: scripted.Provider, path: str, more: dict[str, Any]
) -> None:
    gateway, gauge = start("openai", budget={"tokens": 20_500, "usd": None}), Gauge()
    provider.script += [gauge.step] * 6
    answers = parallel(6, lambda: gateway.ask(path, {"model": MODEL, **more}))
    assert Counter(answer.status for answer in answers) == {200: 6} and gauge.most == 2


def test_the_last_call_alone_may_go_beyond(start: Start, provider: scripted.Provider) -> None:
    gateway, gauge = start(budget={"tokens": 400, "usd": None}), Gauge()
    provider.script += [gauge.step] * 12
    answers = parallel(12, lambda: gateway.message(max_tokens=10_000))
    assert Counter(answer.status for answer in answers) == {200: 3, 402: 9}
    assert gauge.most == 1 and gateway.usage()["models"][MODEL]["input"] == 450


def test_a_part_of_a_budget_that_branches_share_is_called_so(start: Start, provider: scripted.Provider) -> None:
    names = {"usd": "this attempt's part of the night's budget"}
    gateway = start(budget={"tokens": 100 * EACH, "usd": 0.0009, "names": names})  # a call costs 0.000474
    answers = [gateway.message() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 402]
    assert answers[-1].json["error"]["message"].startswith("this attempt's part of the night's budget is spent (314 of")
    gateway.wait_for(lambda: len(gateway.said) == 2)
    assert gateway.said[0].startswith("105% of this attempt's part of the night's budget is used (")
