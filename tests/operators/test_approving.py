"""An answer is carried out once, whatever is away when it comes; a person is not asked twice for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from phaseplan.airflow.operators.answer_form import given
from phaseplan.airflow.operators.approving import ApproveOperator
from phaseplan.ledger.approval.asking import Answer, AskAgain, ask
from phaseplan.ledger.records import Token
from tests.git.lab import PHASE, Lab
from tests.git.nights import Nights, plan_of

EVENT: dict[str, Any] = {
    "chosen_options": ["Approve"],
    "params_input": {"words": None, "branches": []},
    "responded_at": datetime.now(UTC),
    "responded_by_user": {"id": "1", "name": "ann"},
    "timedout": False,
}


@dataclass
class Instance:
    """What the operator asks of its task instance."""

    token: Token
    max_tries: int = 12

    def xcom_pull(self, **_: Any) -> Any:
        return self.token.model_dump(mode="json")


@dataclass
class Store:
    """Airflow's store of a task's own values, which its tries share."""

    values: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Nights, ApproveOperator, dict[str, Any]]:
    """A wave that is integrated and asked about, and the task that asked."""
    plan, nights = plan_of(approve=["wave"]), Nights(Lab(tmp_path))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", str(nights.lab.url))
    token = nights.begin(plan)
    for branch in ("1", "2"):
        nights.build(token, branch)
    nights.lab.integrate(token, 1)
    ask(nights.lab.repo, nights.lab.remote, token, PHASE, "wave 1")
    return nights, ApproveOperator(task_id="approve", plan=plan, point="wave 1"), {
        "ti": Instance(token), "task_state_store": Store(),
    }  # fmt: skip


def test_an_answer_outlives_that_its_repository_is_away(
    asked: tuple[Nights, ApproveOperator, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nights, task, context = asked
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", str(tmp_path / "nowhere.git"))
    with pytest.raises(AirflowException):
        task.execute_complete(context, EVENT)
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", str(nights.lab.url))
    assert task.execute(context) == {"answer": "approved", "who": "ann", "branches": []}
    assert nights.ledger().approvals["wave 1"].answer == "approved"


def test_what_a_try_has_written_down_before_it_died_is_not_asked_again(
    asked: tuple[Nights, ApproveOperator, dict[str, Any]],
) -> None:
    nights, task, context = asked
    back = {**EVENT, "chosen_options": ["Send back"], "params_input": {"words": "no", "branches": ["2"]}}
    assert task.execute_complete(context, back)["answer"] == "sent back"
    assert task.execute(context) == {"answer": "sent back", "who": "ann", "branches": ["2"]}
    assert len(nights.ledger().remarks["2"]) == 1


def test_after_its_time_the_task_fails_with_the_next_step(
    asked: tuple[Nights, ApproveOperator, dict[str, Any]],
) -> None:
    _, task, context = asked
    with pytest.raises(AirflowFailException, match=r"not approved in time.*Clear wave_1.approve"):
        task.execute_complete(context, {"error": "too late", "error_type": "timeout"})


@pytest.mark.parametrize(
    "fields",
    [{"words": 5}, {"words": "x" * 4001}, {"branches": "1"}, {"branches": [1]}, {"branches": {"1": 2}}],
)
def test_a_form_of_an_api_s_caller_may_hold_anything(fields: dict[str, Any]) -> None:
    with pytest.raises(AskAgain, match="has to be"):
        given({**EVENT, "params_input": fields})


def test_a_strange_choice_is_none() -> None:
    for chosen in ([], ["Approve", "Isolate"], ["Delete"]):
        with pytest.raises(AskAgain, match="choose one of"):
            given({**EVENT, "chosen_options": chosen})
    with pytest.raises(AskAgain, match="could not be read"):
        given({"error": "x", "error_type": "validation"})
    assert given(EVENT) == Answer("Approve", "ann")
    assert given({**EVENT, "responded_by_user": None}) == Answer("Approve")
