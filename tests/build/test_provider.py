"""An agent that exits with 69 says that its provider is away: nobody's work is judged, and no attempt is used up."""

from __future__ import annotations

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowException
from pydantic import ValidationError

from phaseplan.airflow.operators.branch_build import _answer
from phaseplan.airflow.operators.retrying import RETRIES, ByCause
from phaseplan.attempt.job import Done, ProviderAway
from phaseplan.ledger.records import State
from phaseplan.ledger.rulings import spent
from phaseplan.plan.agents import AgentProfile
from tests.build.conftest import Stage
from tests.build.test_attempts import carry, outcomes, script, show

AWAY_ONCE = """
mkdir -p a; echo "$PHASEPLAN_ATTEMPT" > a/file.txt
[ "$PHASEPLAN_ATTEMPT" = 1 ] && { echo 'error: 401 invalid api key'; exit 69; }
true
"""


@pytest.mark.docker
@script(AWAY_ONCE)
def test_exit_code_69_uses_no_attempt_and_the_next_try_builds_the_branch(stage: Stage) -> None:
    done, _ = carry(stage)
    assert done.verdict.outcome == "unfinished"
    assert done.verdict.reason.endswith("(exit code 69): error: 401 invalid api key")
    assert stage.snapshot().state("7.1.1") is State.UNFINISHED
    assert spent(stage.snapshot().verdicts["7.1.1"], "run-1/3") == 0
    assert 1 in stage.snapshot().attempts["7.1.1"], "what it has done is kept"
    done, _ = carry(stage)
    assert (done.verdict.outcome, outcomes(stage)) == ("passed", [(1, "unfinished"), (2, "passed")])
    assert show(stage, f"{done.verdict.name}:a/file.txt") == "2\n"


@pytest.mark.docker
@script("mkdir -p a; echo x > a/file.txt; exit 69")
def test_airflow_tries_again_for_as_long_as_for_an_engine_that_is_away(stage: Stage) -> None:
    done, _ = carry(stage)
    with pytest.raises(AirflowException, match="no attempt is consumed") as raised:
        _answer(done)
    assert isinstance(raised.value.__cause__, ProviderAway)
    assert ByCause(10).evaluate(raised.value, 9, RETRIES).action is RetryAction.RETRY


@pytest.mark.docker
@script("mkdir -p a; echo x > a/file.txt; exit 70")
def test_other_exit_codes_are_the_agents_failure(stage: Stage) -> None:
    done, _ = carry(stage)
    assert isinstance(done, Done) and done.verdict.outcome == "failed"


@pytest.mark.parametrize("code", [0, 75, 137, 143, 255, 256, -1, True])
def test_codes_that_mean_something_else_are_refused(code: int) -> None:
    with pytest.raises(ValidationError):
        AgentProfile(image="x", infrastructure_exit_codes=(code,))


def test_a_profile_names_codes_of_its_own() -> None:
    assert AgentProfile(image="x", infrastructure_exit_codes=[3, 69]).infrastructure_exit_codes == (3, 69)
