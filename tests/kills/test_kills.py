"""Every real part is killed once by SIGKILL while a phase runs; the phase completes as if nothing had been."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.kills.checks import CHECKS
from tests.kills.conftest import ENGINE, PHASES, Killed

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


@needs_root
def test_the_engine_was_killed_and_the_run_says_that_all_is_well(dark: Killed) -> None:
    assert len(dark.killers["engine"].done) == 1, dark.killers["engine"].trouble
    assert dark.code == 0, dark.run.output[-6000:]


@needs_root
@pytest.mark.parametrize("check", CHECKS)
def test_what_holds_after_the_death_of_the_engine(dark: Killed, check: str) -> None:
    assert CHECKS[check](dark.run, ENGINE, dark.diary) == []
