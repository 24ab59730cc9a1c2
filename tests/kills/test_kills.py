"""Every real part is killed once by SIGKILL while a phase runs; the phase completes as if nothing had been."""

from __future__ import annotations

import os
import shutil

import pytest

from phaseplan.ledger.money.usage import Usage
from tests.agents.model_server import INPUT, OUTPUT
from tests.kills.calls import branch_of, key_of
from tests.kills.checks import CHECKS
from tests.kills.conftest import CALLS, ENGINE, IN_CALLS, PHASES, Killed

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("dockerd") is None, reason="an engine that may be killed is started by root"
)
pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]


def test_the_run_says_that_all_is_well(night: Killed) -> None:
    assert night.code == 0, night.run.output[-6000:]


@pytest.mark.parametrize("part", PHASES)
def test_the_part_was_killed(night: Killed, part: str) -> None:
    killer = night.killers[part]
    assert len(killer.done) == 1, killer.trouble


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("part", PHASES)
def test_what_holds_after_a_kill(night: Killed, part: str, check: str) -> None:
    assert CHECKS[check](night.run, PHASES[part], night.diary) == []


def test_parts_were_killed_in_the_middle_of_calls(night: Killed) -> None:
    assert set(night.striker.done) == set(IN_CALLS), night.striker.trouble


@pytest.mark.parametrize("check", CHECKS)
def test_what_holds_after_kills_in_calls(night: Killed, check: str) -> None:
    assert CHECKS[check](night.run, CALLS, night.diary) == []


def test_no_usage_is_lost_but_that_of_the_call_of_a_gateway_that_was_killed(night: Killed) -> None:
    assert {part: counted(night, part)[:2] for part in IN_CALLS} == {
        "gateway": (["unfinished", "passed"], 1),
        "supervisor": (["passed"], 0),
        "triggerer": (["passed"], 0),
    }
    assert all(counted(night, part)[2] for part in IN_CALLS)


def counted(killed: Killed, part: str) -> tuple[list[str], int, bool]:
    """Outcomes of the branch's attempts, calls that were asked and are not counted, and whether all others are."""
    branch, model = branch_of(CALLS, killed.striker.parts, part), killed.striker.model
    attempts = killed.run.status(CALLS)["branches"][branch]["attempts"]
    usages = [Usage.model_validate(attempt["usage"]) for attempt in attempts]
    lost = model.calls[key_of(part)] - sum(usage.calls for usage in usages)
    whole = (model.calls[key_of(part)] - (len(attempts) - 1)) * (INPUT + OUTPUT)
    return [attempt["outcome"] for attempt in attempts], lost, sum(usage.tokens for usage in usages) >= whole


@needs_root
def test_the_engine_was_killed_and_the_run_says_that_all_is_well(dark: Killed) -> None:
    assert len(dark.killers["engine"].done) == 1, dark.killers["engine"].trouble
    assert dark.code == 0, dark.run.output[-6000:]


@needs_root
@pytest.mark.parametrize("check", CHECKS)
def test_what_holds_after_the_death_of_the_engine(dark: Killed, check: str) -> None:
    assert CHECKS[check](dark.run, ENGINE, dark.diary) == []


@needs_root
@pytest.mark.parametrize("check", CHECKS)
def test_what_holds_after_the_death_of_the_engine_in_a_call(dark: Killed, check: str) -> None:
    assert set(dark.striker.done) == {"engine"}, dark.striker.trouble
    assert CHECKS[check](dark.run, CALLS, dark.diary) == []


@needs_root
def test_the_death_of_the_engine_loses_no_usage_but_that_of_the_call(dark: Killed) -> None:
    outcomes, lost, rest = counted(dark, "engine")
    assert outcomes in (["passed"], ["unfinished", "passed"]), "containerd alone may die, and its containers live"
    assert lost <= len(outcomes) - 1 and rest
