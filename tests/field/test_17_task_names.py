"""Line 17: any plan that lints without errors becomes a DAG, and a plan that does not is the only one left out.

Was: branch names that lint accepts (`feature/a+b`, `#12-fix`, `it's`, `50%`) made task ids that Airflow refuses, and
then no plan of the folder had a DAG.
Right: task ids are made of what Airflow takes, unique and stable; should Airflow refuse a plan all the same, the
others have their DAGs and the UI shows the plan's file with the reason as an import error.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings

from phaseplan.airflow.compile.campaign import compile_campaign
from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.plan import names
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan
from provision.common import TOP
from tests.cli.plans import plan as small
from tests.compile.test_dag_files import parse
from tests.field.hostile_plans import hostile_plan

EXAMPLES = int(os.environ.get("PHASEPLAN_EXAMPLES", "100"))
ODD = ["feature/a+b", "feature/#12-fix", "feature/it's", "fix/50%", "fix/größe", "fix/日本-🚀", "fix/" + "long-" * 38]
BRANCHES = [{"id": f"1.{i}", "branch": name, "title": "{{ x }}", "owns": [f"/{i}/"]} for i, name in enumerate(ODD)]
PLAN = {"phase": 3, "title": "Odd names", "agent": "a", "waves": [{"wave": 1, "branches": BRANCHES}]}


def _linted(folder: Path, data: dict[str, object]) -> PhasePlan | None:
    """Return the plan, if lint finds no error in its file."""
    agents, file = folder / "agents.yaml", folder / "plan.yaml"
    agents.write_text("a: {image: x, command: ['{{ boom }}', '{% bad']}\n")
    file.write_text(json.dumps(data, ensure_ascii=False), "utf-8", "surrogatepass")
    campaign = load_valid([file], agents)
    return campaign.plans[0].plan if campaign.plans else None


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@example(PLAN)
@given(hostile_plan())
def test_a_plan_without_errors_becomes_a_dag(tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]) -> None:
    plan = _linted(tmp_path_factory.getbasetemp(), data)
    event("refused by lint" if plan is None else "becomes a DAG")
    assume(plan is not None)
    assert plan is not None
    dag = compile_plan(plan, Options())
    built = [t.task_id for t in dag.tasks if t.task_type == "BranchBuildOperator"]
    assert built == [names.branch_task_id(plan, branch.id) for branch in plan]
    assert len(set(dag.task_ids)) == len(dag.task_ids)
    assert all(len(f"task_id={task}".encode()) <= 255 for task in dag.task_ids), "a log has a folder of that name"
    assert dag.params.get_param("base").resolve() == plan.base_name
    _through_the_database(dag)


def _through_the_database(dag: object) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    DagSerialization.to_dict(dag)


def test_odd_names_stay_apart_and_readable(tmp_path: Path) -> None:
    plan = _linted(tmp_path, PLAN)
    assert plan is not None
    tasks = [names.branch_task(branch) for branch in plan]
    assert len(set(tasks)) == len(tasks)
    assert re.fullmatch(r"1-0_a-b_[0-9a-f]{8}", tasks[0]) and tasks[1].startswith("1-1_12-fix_")
    assert tasks[4] == "1-4_größe", "Airflow takes letters of all languages"
    assert tasks == [names.branch_task(branch) for branch in plan], "the same every time"


@pytest.mark.airflow
def test_all_plans_of_a_folder_with_odd_names_are_dags(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    shutil.copy(TOP / "include/plans/phase-05.yaml", plans)
    odd = PLAN | {"agent": "go-sample", "title": "{{ 1 / 0 }} {% bad"}
    (plans / "odd.yml").write_text(json.dumps(odd, ensure_ascii=False))
    assert parse(tmp_path) == (["phase_03", "phase_05"], {})


def test_ordinary_names_keep_the_ids_they_had() -> None:
    assert names.branch_task_id(small(), "7.a") == "wave_1.7-a_p7-a"


def test_a_plan_that_airflow_refuses_takes_only_itself_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from phaseplan.airflow.compile import dag as compiling

    agents = tmp_path / "agents.yaml"
    agents.write_text("a: {image: x}\n")
    for phase in (3, 4, 5):
        (tmp_path / f"{phase}.yaml").write_text(json.dumps(PLAN | {"phase": phase}, ensure_ascii=False))
    real = compiling.doc_md
    monkeypatch.setattr(compiling, "doc_md", lambda plan, **more: 1 // (plan.phase - 4) and real(plan, **more))
    campaign = load_valid([tmp_path / f"{phase}.yaml" for phase in (3, 4, 5)], agents)
    dags, problems = compile_campaign(campaign, Options())
    assert [dag.dag_id for dag in dags] == ["phase_03", "phase_05"]
    (problem,) = problems
    assert f"{tmp_path}/4.yaml" in problem and "ZeroDivisionError" in problem
