"""Every real part is killed once by SIGKILL while a phase runs; the phase completes as if nothing had been."""

from __future__ import annotations

import pytest

from tests.kills.checks import CHECKS
from tests.kills.conftest import PHASES, Killed

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(900)]


def test_the_run_says_that_all_is_well(killed: Killed) -> None:
    assert killed.code == 0, killed.run.output[-6000:]


@pytest.mark.parametrize("part", PHASES)
def test_the_part_was_killed(killed: Killed, part: str) -> None:
    killer = killed.killers[part]
    assert len(killer.done) == 1, killer.trouble


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("part", PHASES)
def test_what_holds_after_a_kill(killed: Killed, part: str, check: str) -> None:
    assert CHECKS[check](killed.run, PHASES[part], killed.diary) == []
