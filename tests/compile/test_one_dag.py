"""A process for one task makes the DAG of that task alone, however many plans there are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager as asked_for

from phaseplan.airflow import dag_files


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


def test_a_task_gets_the_dag_that_it_is_of(plans: Path) -> None:
    with asked_for(dag_id="phase_06", task_id="open_phase"):
        found = dag_files.phase_dags()
    assert list(found) == ["phase_06"]
    assert len(found["phase_06"].tasks) > 3


def test_a_plan_that_contradicts_another_is_no_dag_even_where_it_is_asked_for_alone(plans: Path) -> None:
    (plans / "again.yaml").write_text((plans / "phase-6.yaml").read_text())
    with asked_for(dag_id="phase_06", task_id="open_phase"):
        assert dag_files.phase_dags() == {}


def test_a_dag_of_somebody_else_is_none_of_ours(plans: Path) -> None:
    with asked_for(dag_id="etl", task_id="load"):
        assert dag_files.phase_dags() == {}
