"""Where tasks that ask a person stand in the graph, and what waits for them."""

from __future__ import annotations

from typing import Any

import pytest

from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.airflow.operators.approving import ApproveOperator
from phaseplan.airflow.operators.retrying import RETRIES
from phaseplan.plan.agents import AgentProfile
from tests.git.nights import plan_of

PROFILES = {"sh": AgentProfile(image="sh:1")}


def dag_of(**approve: Any) -> Any:
    return compile_plan(plan_of(**approve), Options(profiles=PROFILES))


def up(dag: Any, task: str) -> set[str]:
    return set(dag.get_task(task).upstream_task_ids)


def test_a_plan_that_asks_nobody_has_the_graph_it_had() -> None:
    assert not [t for t in dag_of().tasks if "approve" in t.task_id or t.task_id == "build_again"]


def test_later_waves_wait_for_the_answer_in_either_start_mode() -> None:
    dag = dag_of(approve=["wave", "phase"])
    assert up(dag, "wave_1.approve") == {"open_phase", "wave_1.integrate"}
    assert up(dag, "wave_2.start") == {"wave_1.approve"}, "not `start_by_dependencies`"
    assert {"wave_1.approve", "open_phase"} <= up(dag, "wave_2.integrate")
    assert up(dag, "approve_phase") == {"open_phase", "wave_2.approve"}
    assert up(dag, "close_phase") == {"open_phase", "approve_phase"}
    assert up(dag, "build_again") == {"wave_1.approve", "wave_2.approve", "approve_phase"}
    assert dag.get_task("build_again").downstream_task_ids == set(), "so that close_phase decides the run's state"


def test_no_agent_begins_before_the_opening_is_approved() -> None:
    dag = dag_of(approve={"at": ["open"], "who": ["lead"], "within": "2d"})
    assert up(dag, "approve_open") == {"open_phase"}
    assert up(dag, "start_by_dependencies") == {"approve_open"}
    first = [t for t in dag.tasks if t.task_id.startswith("wave_1.") and not t.task_id.endswith(".integrate")]
    assert first and all({"open_phase", "approve_open"} <= t.upstream_task_ids for t in first)


def test_a_question_has_its_choices_and_a_form_with_the_branches_it_is_about() -> None:
    dag = dag_of(approve=["open", "wave"])
    wave = dag.get_task("wave_1.approve")
    assert isinstance(wave, ApproveOperator) and wave.options == ["Approve", "Send back", "Isolate"]
    assert wave.serialized_params["branches"]["schema"]["examples"] == ["1", "2"]
    assert wave.serialized_params["words"]["value"] is None
    opening = dag.get_task("approve_open")
    assert opening.options == ["Approve", "Do not begin"] and set(opening.params) == {"words"}
    assert {t.retries for t in dag.tasks if isinstance(t, ApproveOperator)} == {RETRIES}
    assert {t.trigger_rule for t in (wave, opening)} == {"all_done"}


@pytest.mark.parametrize("wrong", [[], ["night"], {"at": ["wave"], "then": "stop"}, {"at": ["wave"], "within": "0s"}])
def test_a_point_that_there_is_not_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="approve"):
        plan_of(approve=wrong)
