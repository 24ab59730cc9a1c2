"""A process for one task makes the DAG of that task alone, and of its branches that one, however many there are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from airflow.sdk.bases.operator import BaseOperator
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID as ASKED
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_TASK_ID as TASK
from airflow.serialization.serialized_objects import OperatorSerialization

from phaseplan.airflow import dag_files
from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from provision.common import TOP
from tests.compile.test_questions import PROFILES
from tests.git.nights import plan_of


@pytest.fixture
def plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "agents.yaml").write_text(yaml.safe_dump({"sh": {"image": "debian", "command": ["true"]}}))
    (tmp_path / "plans").mkdir()
    for phase in (5, 6, 7):
        branch = {"id": f"{phase}.1.1", "branch": f"feature/p{phase}", "title": "A", "owns": [f"p{phase}/"]}
        plan = {
            "phase": phase,
            "title": f"Phase {phase}",
            "agent": "sh",
            "waves": [{"wave": 1, "branches": [branch]}],
        }
        (tmp_path / f"plans/phase-{phase}.yaml").write_text(yaml.safe_dump(plan))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__AGENTS", str(tmp_path / "agents.yaml"))
    return tmp_path / "plans"


def test_without_a_question_all_plans_are_dags(plans: Path) -> None:
    assert sorted(dag_files.phase_dags()) == ["phase_05", "phase_06", "phase_07"]


def test_a_task_gets_the_dag_that_it_is_of(plans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ASKED, "phase_06")  # as Airflow does, which leaves it there
    found = dag_files.phase_dags()
    assert list(found) == ["phase_06"]
    assert len(found["phase_06"].tasks) > 3


def test_a_plan_that_contradicts_another_is_no_dag_even_where_it_is_asked_for_alone(
    plans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plans / "again.yaml").write_text((plans / "phase-6.yaml").read_text())
    monkeypatch.setenv(ASKED, "phase_06")
    assert dag_files.phase_dags() == {}


def test_a_dag_of_somebody_else_is_none_of_ours(plans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ASKED, "etl")
    assert dag_files.phase_dags() == {}


def test_each_task_is_found_as_it_is_in_the_whole_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(TOP / "include/plans"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__AGENTS", str(TOP / "include/agents.yaml"))
    whole = dag_files.phase_dags()["phase_05"]
    for task in whole.tasks:
        monkeypatch.setenv(ASKED, "phase_05")
        monkeypatch.setenv(TASK, task.task_id)
        dag = dag_files.phase_dags()["phase_05"]
        found = dag.get_task(task.task_id)
        assert type(found) is type(task)
        assert told(found) == told(task)
        assert dag.params.dump() == whole.params.dump(), "a run is validated by them"
        built = [one.task_id for one in dag.tasks if isinstance(one, BranchBuildOperator)]
        assert built == ([task.task_id] if isinstance(task, BranchBuildOperator) else [])


def test_a_plan_that_asks_people_and_is_delivered_has_each_of_its_tasks_alone() -> None:
    plan = plan_of(approve=["open", "wave", "phase"], deliver={"how": "pull-request", "onto": "main"})
    for task in compile_plan(plan, Options(profiles=PROFILES)).tasks:
        dag = compile_plan(plan, Options(profiles=PROFILES, task=task.task_id))
        assert type(dag.get_task(task.task_id)) is type(task) and told(dag.get_task(task.task_id)) == told(task)


def told(task: BaseOperator) -> dict[str, object]:
    """What Airflow writes down of a task, but for the tasks after it."""
    return {k: v for k, v in OperatorSerialization.serialize_operator(task).items() if k != "downstream_task_ids"}
