"""The task graph of docs/architecture.md, and what each trigger rule makes of a bad day."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from phaseplan.airflow.operators.retrying import BRANCH_RETRIES, RETRIES, ByCause
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.campaign import load_valid
from tests.cli.plans import plan as small

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dag():
    campaign = load_valid([TOP / "include/plans/phase-05.yaml"], TOP / "include/agents.yaml")
    return compile_plan(campaign.plans[0].plan, Options(profiles=campaign.profiles))


def test_ids_read_well(dag):
    assert dag.dag_id == "phase_05"
    assert "wave_1.5-1-1_synctarget-api" in dag.task_ids
    assert {"open_phase", "close_phase", "wave_1.integrate", "wave_3.integrate"} <= set(dag.task_ids)


def test_a_branch_waits_for_its_dependencies_and_the_opening(dag):
    task = dag.get_task("wave_2.5-2-1_workload-dist")
    assert task.upstream_task_ids == {
        "open_phase",
        "wave_2.start",
        "wave_1.5-1-1_synctarget-api",
        "wave_1.5-1-3_placement-types",
    }
    assert task.trigger_rule == "all_done"
    assert task.pool == "phaseplan_5_a4"


def test_waves_start_in_either_mode(dag):
    start = dag.get_task("wave_2.start")
    assert start.upstream_task_ids == {"wave_1.integrate", "start_by_dependencies"}
    assert start.trigger_rule == "one_done"


def test_integrates_are_chained_and_see_the_opening(dag):
    integrate = dag.get_task("wave_2.integrate")
    assert {"open_phase", "wave_1.integrate"} <= integrate.upstream_task_ids
    assert integrate.trigger_rule == "all_done"
    assert dag.get_task("close_phase").upstream_task_ids == {"open_phase", "wave_3.integrate"}


def test_weights_are_unique_and_the_critical_path_is_first(dag):
    branches = [t for t in dag.tasks if t.task_type == "BranchBuildOperator"]
    weights = {t.task_id: t.priority_weight for t in branches}
    assert len(set(weights.values())) == len(weights)
    # 5.1.1 -> 5.2.1 -> 5.3.2 is the longest way by lines (600 + 500 + 500).
    assert max(weights, key=weights.__getitem__) == "wave_1.5-1-1_synctarget-api"
    assert {str(t.weight_rule) for t in branches} == {"absolute"}


def test_every_branch_has_infrastructure_retries_only(dag):
    """A branch has more of them, which are used up only while its profile is paused."""
    assert {type(t.retry_policy) for t in dag.tasks} == {ByCause}
    assert all(t.retries == t.retry_policy.retries for t in dag.tasks)
    assert {t.retries for t in dag.tasks if isinstance(t, BranchBuildOperator)} == {BRANCH_RETRIES}
    assert {t.retries for t in dag.tasks if not isinstance(t, BranchBuildOperator)} == {RETRIES}


@pytest.mark.parametrize(
    ("name", "bad"),
    [("base", ""), ("start", "later"), ("branches", ["9.9.9"]), ("agent", "nobody"), ("rebuild", "maybe")],
)
def test_the_form_refuses_bad_values(dag, name, bad):
    param = dag.params.get_param(name)
    with pytest.raises(Exception, match=r"(?i)invalid input|is not|too short|non-empty|should be"):
        param.resolve(bad)


def test_a_plan_without_the_plugin_uses_the_default_pool():
    plan = AgentProfile(image="x")
    campaign = load_valid([TOP / "include/plans/phase-05.yaml"], TOP / "include/agents.yaml")
    dag = compile_plan(campaign.plans[0].plan, Options(profiles={"go-sample": plan}, pools=False))
    assert {t.pool for t in dag.tasks} == {"default_pool"}
    assert "not enforced" in dag.doc_md


def test_a_later_phase_builds_on_what_it_depends_on_and_the_form_says_so():
    later = small(8, depends_on=[5, 7])
    param = compile_plan(later, Options()).params.get_param("base")
    assert param.value == "dependencies" and "have integrated" in param.description
    assert param.resolve("release/1") == "release/1"
    assert "Base: what phase 5, phase 7 integrated" in compile_plan(later, Options()).doc_md
    assert compile_plan(small(8), Options()).params["base"] == "main"
    assert compile_plan(small(8, depends_on=[5], base="main"), Options()).params["base"] == "main"


def test_branches_are_in_the_queue_of_their_engine_and_without_a_file_where_they_were(dag):
    campaign = load_valid([TOP / "include/plans/phase-05.yaml"], TOP / "include/agents.yaml")
    plan = campaign.plans[0].plan
    queues = {plan.agent: "farm"}
    placed = compile_plan(plan, Options(profiles=campaign.profiles, queues=queues))
    kinds = {(task.task_type == "BranchBuildOperator", task.queue) for task in placed.tasks}
    assert kinds == {(True, "farm"), (False, "default")}
    assert {task.queue for task in dag.tasks} == {"default"}


def test_a_phase_is_delivered_behind_its_close_and_only_where_the_plan_says_so(dag):
    assert "deliver" not in dag.task_ids
    delivered = compile_plan(small(deliver={"how": "pull-request", "onto": "main"}), Options())
    task = delivered.get_task("deliver")
    assert task.upstream_task_ids == {"close_phase"} and task.trigger_rule == "all_success"
    assert task.retries == RETRIES and "pull request onto main" in task.doc_md
    leaves = {t.task_id for t in delivered.tasks if not t.downstream_task_ids}
    assert leaves == {"deliver"}, "what is not complete leaves it upstream_failed, and the run red"
