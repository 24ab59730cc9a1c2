"""An attempt behind a gateway: what it used, whose fault its end was, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from phaseplan.airflow.triggers import container as triggers
from phaseplan.attempt.clean_up import settle
from phaseplan.attempt.gateway import opened
from phaseplan.attempt.job import Done, Heard
from phaseplan.attempt.ready import look
from phaseplan.attempt.step import step
from phaseplan.attempt.sweep import sweep
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.gateways.gateway import close_found, gateway_of
from phaseplan.ledger.money.usage import ModelUsage
from phaseplan.ledger.records import SPENDING
from phaseplan.ledger.rulings import spent
from tests.agents.gateway_stage import BAD_KEY, CLAIM, KEY, begin, carry, left_over, profile, stage_of
from tests.agents.model_server import CACHED, INPUT, OUTPUT, Model

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300), pytest.mark.usefixtures("gateway")]
TWICE = 'ask(); ask(); write("done")'
WAITS = 'write(ask())\nwhile not pathlib.Path("a/go").exists(): __import__("time").sleep(0.1)'
FALLS = 'print(ask()); write("half"); sys.exit(1)'
IDLE = "print(ask())"
UNTIL_SPENT = """
answers = [ask() for _ in range(4)]
write("done")
sys.exit(69 if answers[-1].startswith("402") else 0)
"""
PRICES = {"scripted": {"input": 1.0, "output": 10.0, "cached": 0.5}}


def test_what_an_attempt_used_is_in_its_verdict_to_the_token(tmp_path: Path, model: Model) -> None:
    with stage_of(tmp_path, profile(model, TWICE, prices=PRICES)) as stage:
        done, _ = carry(stage)
        assert done.verdict.outcome == "passed" and left_over(stage) == [], "\n".join(stage.said)
        usage = stage.snapshot().verdicts["7.1.1"][0].usage
    usd = 2 * ((INPUT - CACHED) * 1.0 + CACHED * 0.5 + OUTPUT * 10.0) / 1e6
    assert usage is not None and usage.calls == 2 == model.calls[KEY]
    assert usage.models == {
        "scripted": ModelUsage(input=2 * INPUT, output=2 * OUTPUT, cached=2 * CACHED, usd=round(usd, 9))
    }
    assert f"Used 2,468 tokens in (40 cached), 112 out, ${usd:.2f} in 2 calls." in stage.said


def test_the_agents_token_may_be_anywhere_because_it_is_worth_nothing(tmp_path: Path, model: Model) -> None:
    with stage_of(tmp_path, profile(model, 'write(os.environ["OPENAI_API_KEY"])')) as stage:
        done, _ = carry(stage)
        assert done.verdict.outcome == "passed", "\n".join(stage.said)


@pytest.mark.parametrize("script", [FALLS, IDLE], ids=["fails", "does nothing and exits with 0"])
def test_a_refused_key_is_named_once_and_uses_no_attempt(tmp_path: Path, model: Model, script: str) -> None:
    with stage_of(tmp_path, profile(model, script)) as stage:
        done, _ = carry(stage, BAD_KEY)
        assert (done.verdict.outcome, spent(stage.snapshot().verdicts["7.1.1"], CLAIM)) == ("unfinished", 0)
        assert done.verdict.reason.startswith("the provider refuses the key of profile sh (401")
        assert "mend the Airflow connection `my_connection`" in done.verdict.reason
        assert [f.gate for f in done.verdict.findings] == ["provider"]
        assert BAD_KEY not in "\n".join(stage.said)


def test_trouble_that_is_over_excuses_nothing(tmp_path: Path, model: Model) -> None:
    """`once` is refused with 429 at its first call only: the gateway asks again by itself."""
    with stage_of(tmp_path, profile(model, FALLS)) as stage:
        done, _ = carry(stage, "once-key-of-this-test-0123456789")
        assert (done.verdict.outcome, done.verdict.findings[0].gate) == ("failed", "agent")


def test_a_spent_budget_fails_the_attempt_and_none_follows_until_a_clear(tmp_path: Path, model: Model) -> None:
    budget = {"tokens": 2 * (INPUT + OUTPUT)}
    with stage_of(tmp_path, profile(model, UNTIL_SPENT, budget=budget)) as stage:
        done, containers = carry(stage)
        assert (done.verdict.outcome, containers) == ("failed", 1)
        (finding,) = [f for f in done.verdict.findings if not f.informs]
        assert finding.gate == SPENDING and finding.message.startswith("the budget of 2,580 tokens (agent profile sh)")
        assert model.calls[KEY] == 2
        again, _ = carry(stage, claim="run-1/7")
        assert again.verdict.attempt == 2 and model.calls[KEY] == 4


def test_a_gateway_that_is_killed_is_infrastructure_and_leaves_nothing(tmp_path: Path, model: Model) -> None:
    with stage_of(
        tmp_path, profile(model, 'sys.stdin.close()\nwhile not ask().startswith("0"): pass\nsys.exit(1)')
    ) as stage:
        running = begin(stage)
        gateway = gateway_of(stage.client, engine.look(stage.client, running.container))
        assert gateway is not None
        stage.client.api.kill(gateway.id, "SIGKILL")
        done, _ = carry(stage)
        assert done.verdict.outcome == "unfinished"
        assert done.verdict.reason.startswith("the gateway between the agent and its model ended first (exit code 137")
        assert left_over(stage) == []


def test_a_gateway_that_is_removed_is_infrastructure(tmp_path: Path, model: Model) -> None:
    with stage_of(tmp_path, profile(model, 'while not ask().startswith("0"): pass\nsys.exit(1)')) as stage:
        running = begin(stage)
        gateway = gateway_of(stage.client, engine.look(stage.client, running.container))
        assert gateway is not None
        stage.client.api.remove_container(gateway.id, force=True)
        done, _ = carry(stage)
        assert (done.verdict.outcome, left_over(stage)) == ("unfinished", [])


def test_a_start_that_died_before_its_agent_leaves_a_gateway_that_the_next_removes(
    tmp_path: Path, model: Model
) -> None:
    with stage_of(tmp_path, profile(model, TWICE)) as stage:
        with stage.job(CLAIM) as job:
            view = look(job)
            assert opened(view, 1, view.profile, {"OPENAI_API_KEY": KEY}) is not None
        assert len(left_over(stage)) == 2
        done, _ = carry(stage)
        assert done.verdict.outcome == "passed" and left_over(stage) == []


@pytest.mark.parametrize("how", ["claim", "settle", "sweep"])
def test_whoever_puts_an_agent_away_takes_its_gateway_too(tmp_path: Path, model: Model, how: str) -> None:
    with stage_of(tmp_path, profile(model, WAITS)) as stage:
        begin(stage)
        assert sorted(left_over(stage))[:2] == ["agent", "gateway"]
        if how == "claim":
            other = begin(stage, claim="run-1/7")
            assert len(left_over(stage)) == 3
            stage.client.api.kill(other.container)
            carry(stage, claim="run-1/7")
        else:
            with stage.job(CLAIM, OPENAI_API_KEY=KEY) as job:
                settle(job, over=True) if how == "settle" else sweep(job)
        verdict = stage.snapshot().verdicts["7.1.1"][0]
        assert left_over(stage) == [] and verdict.outcome in ("cancelled", "unfinished")
        assert verdict.usage is not None and verdict.usage.tokens >= 0


def test_an_agent_whose_task_died_is_followed_with_its_gateway(tmp_path: Path, model: Model) -> None:
    with stage_of(tmp_path, profile(model, WAITS)) as stage:
        first = begin(stage)
        with stage.job(CLAIM, OPENAI_API_KEY=KEY) as job:
            settle(job, over=False)
        assert begin(stage).container == first.container and len(left_over(stage)) == 3
        stage.client.api.exec_start(
            stage.client.api.exec_create(first.container, ["sh", "-c", "mkdir -p a && touch a/go"], user="1000")
        )
        done, _ = carry(stage)
        assert done.verdict.outcome == "passed" and done.verdict.usage is not None and done.verdict.usage.calls == 1


ASKS = """
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({"http": "http://gateway:8081"})).open("http://evil.example/")
except OSError as error:
    print(error)
while not pathlib.Path("a/go").exists(): __import__("time").sleep(0.1)
"""


def test_what_a_gateway_says_is_shown_once_and_its_end_stops_its_agent(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triggers, "INTERVAL", 0.5)
    with capture_logs() as logged, stage_of(tmp_path, profile(model, ASKS)) as stage:
        running = begin(stage)
        assert running.gateway

        def said() -> list[str]:
            return [
                str(entry["event"]) for entry in list(logged) if str(entry["event"]).startswith(("Gateway:", "Its"))
            ]

        trigger = triggers.ContainerTrigger(
            docker_url=settings().docker_url, container_id=running.container, phase=7, branch="7.1.1", repository=None,
            deadline=time.time() + 100, gateway=True,
        )  # fmt: skip

        def kill() -> None:
            until = time.monotonic() + 60
            while not any("evil.example" in line for line in said()) and time.monotonic() < until:
                time.sleep(0.2)
            gateway = gateway_of(stage.client, engine.look(stage.client, running.container))
            assert gateway is not None
            stage.client.api.kill(gateway.id, "SIGKILL")

        async def follow() -> dict[str, Any]:
            killing = asyncio.create_task(asyncio.to_thread(kill))
            events = [event async for event in triggers.ContainerTrigger(**trigger.serialize()[1]).run()]
            await killing
            return dict(events[0].payload)

        event = asyncio.run(follow())
        refused, *_, last = said()
        assert "evil.example" in refused and last == "Its gateway has ended: stopping the container."
        with stage.job(CLAIM, OPENAI_API_KEY=KEY) as job:
            heard = Heard(event["container"], event["lines"], event["gateway"])
            done = step(replace(job, heard=heard))
        assert isinstance(done, Done) and done.verdict.outcome == "unfinished"
        assert done.verdict.reason.startswith("the gateway between the agent and its model ended first")
        assert [line for line in stage.said if line.startswith("Gateway: ")] == [], "the trigger has shown it"


def test_removing_twice_is_removing_once(tmp_path: Path, model: Model) -> None:
    with stage_of(tmp_path, profile(model, WAITS)) as stage:
        running = begin(stage)
        agent = engine.look(stage.client, running.container)
        gateway = gateway_of(stage.client, agent)
        assert gateway is not None
        engine.remove(stage.client, agent.id)
        close_found(stage.client, gateway)
        close_found(stage.client, gateway)
        with stage.job(CLAIM, OPENAI_API_KEY=KEY) as job:
            sweep(job)
            assert step(job) is not None
        with stage.job(CLAIM, OPENAI_API_KEY=KEY) as job:
            sweep(job)
