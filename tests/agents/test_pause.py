"""A provider that refuses a key pauses its profile: real gateways and agents, and the tasks played by hand."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from phaseplan.airflow.triggers import container as triggers
from phaseplan.attempt.job import Running
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.ledger.pause.pauses import Paused, stands
from phaseplan.ledger.records import State
from phaseplan.ledger.rulings import spent
from tests.agents.gateway_stage import BAD_KEY, CLAIM, KEY, begin, carry, left_over, profile, stage_of
from tests.agents.model_server import Model
from tests.build.conftest import Stage

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.usefixtures("gateway")]
TEN = [f"7.1.{n}" for n in range(1, 11)]
OTHER = "7.1.11"
#: Asks once; the second branch then goes on until a file is there.
SCRIPT = """
answer = ask()
print(answer)
if "completed" not in answer:
    sys.exit(1)
while os.environ["PHASEPLAN_BRANCH"] == "7.1.2" and not pathlib.Path("a/go").exists(): __import__("time").sleep(0.1)
write("done")
"""


def plan() -> dict[str, Any]:
    branches = [{"id": b, "branch": f"feature/b{n}", "title": b, "owns": ["a/"]} for n, b in enumerate([*TEN, OTHER])]
    branches[-1]["agent"] = "other"
    wave = {"wave": 1, "branches": branches}
    return {"phase": 7, "title": "By hand", "agent": "night", "gates": {"commands": ["test -s a/file.txt"]},
            "waves": [wave]}  # fmt: skip


class _Later(datetime):
    """A clock that is an hour fast."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(hours=1)


def answered(stage: Stage, running: Running, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Wait in a trigger, as Airflow has it, for a probe's container."""
    monkeypatch.setattr(triggers, "INTERVAL", 0.5)
    trigger = triggers.ContainerTrigger(
        docker_url=settings().docker_url, container_id=running.container, phase=7, branch="7.1.2", repository=None,
        deadline=time.time() + 100, gateway=True, probe=running.probe,
    )  # fmt: skip

    async def first() -> dict[str, Any]:
        events = [event async for event in triggers.ContainerTrigger(**trigger.serialize()[1]).run()]
        return dict(events[0].payload)

    return asyncio.run(asyncio.wait_for(first(), 100))


def test_ten_branches_wait_for_one_and_go_on_with_its_first_answer(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage_of(tmp_path, profile(model, SCRIPT), plan()) as stage:
        done, _ = carry(stage, BAD_KEY)
        assert (done.verdict.outcome, done.event) == ("unfinished", "paused"), "\n".join(stage.said)
        calls = model.calls[BAD_KEY]
        for branch in TEN[1:]:
            with pytest.raises(Paused, match=r"profile night is paused .* \(401.*mend the Airflow connection"):
                carry(stage, BAD_KEY, branch=branch)
        assert left_over(stage) == [] and set(stage.snapshot().started) == {"7.1.1"}
        assert model.calls[BAD_KEY] == calls, "nobody else has asked"
        assert carry(stage, branch=OTHER)[0].verdict.outcome == "passed"

        with stage.job("run-1/80", "7.1.3", OPENAI_API_KEY=BAD_KEY) as job:
            assert isinstance(step(replace(job, cleared=True)), Running), "a person wants it now"
        done, _ = carry(stage, BAD_KEY, claim="run-1/80", branch="7.1.3")
        assert (done.verdict.outcome, done.event) == ("unfinished", "") and done.pause is not None
        assert (done.pause.tries, stands(done.pause)) == (1, True)

        monkeypatch.setattr("phaseplan.ledger.pause.pausing.datetime", _Later)
        probe = begin(stage, branch="7.1.2")
        assert probe.probe
        with pytest.raises(Paused):
            carry(stage, branch="7.1.4")
        assert answered(stage, probe, monkeypatch)["status"] == "answered"
        running = begin(stage, branch="7.1.2")
        assert running.container == probe.container and not running.probe
        assert running.resumed is not None and running.resumed.ended is not None
        done, _ = carry(stage, branch="7.1.4")
        assert (done.verdict.outcome, done.event) == ("passed", ""), "while the probe still works"
        go = stage.client.api.exec_create(probe.container, ["touch", "/workspace/a/go"], user="1000")
        stage.client.api.exec_start(stage.client.api.exec_create(probe.container, ["mkdir", "-p", "a"], user="1000"))
        stage.client.api.exec_start(go)
        for branch in [b for b in TEN if b != "7.1.4"]:
            claim = "run-1/80" if branch == "7.1.3" else CLAIM
            assert carry(stage, KEY, claim, branch)[0].verdict.outcome == "passed"
        snapshot = stage.snapshot()
        assert {snapshot.state(b) for b in (*TEN, OTHER)} == {State.PASSED}
        assert [spent(snapshot.verdicts[b], CLAIM) for b in TEN] == [0] * 10
        assert left_over(stage) == []


@pytest.mark.parametrize(("use", "paused"), [(True, True), (False, False)], ids=["of a preset", "of a command"])
def test_without_a_gateway_two_agents_of_a_preset_pause_their_profile_and_a_command_never_does(
    tmp_path: Path, model: Model, use: bool, paused: bool
) -> None:
    made = profile(model, "print('error: 401'); sys.exit(69)", gateway=False, network="none")
    if not use:
        made = made.model_copy(update={"use": None, "model": None, "endpoint": None})
    with stage_of(tmp_path, made, plan()) as stage:
        first, _ = carry(stage, branch="7.1.1")
        second, _ = carry(stage, branch="7.1.2")
        assert [d.verdict.outcome for d in (first, second)] == ["unfinished"] * 2
        assert [d.event for d in (first, second)] == ["", "paused" if paused else ""]
        if paused:
            with pytest.raises(Paused, match=r"the agents of 7\.1\.1 and 7\.1\.2 have no provider \(exit code 69\)"):
                carry(stage, branch="7.1.3")
