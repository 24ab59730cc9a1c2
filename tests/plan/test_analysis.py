"""Bounds against brute force, and the founding document's own numbers."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bench.campaign import lower_bound
from phaseplan.forecast.analysis import analyse, critical_path, makespan_bound
from phaseplan.forecast.drawing.mermaid import flowchart
from phaseplan.forecast.simulation.report import Question, simulate
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan
from tests.plan.random_plans import branch, plan_of, random_plan

INCLUDE = Path(__file__).resolve().parents[2] / "include"
HOUR = 3600
_ROUNDED = 1 + 1e-9  # sums of the same numbers in another order


def phase_05() -> PhasePlan:
    return load_valid([INCLUDE / "plans" / "phase-05.yaml"], INCLUDE / "agents.yaml").plans[0].plan


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 3))
def test_bound_is_below_the_best_assignment(jobs: list[int], agents: int) -> None:
    best = min(
        max(sum(job for job, at in zip(jobs, choice, strict=True) if at == agent) for agent in range(agents))
        for choice in product(range(agents), repeat=len(jobs))
    )
    assert makespan_bound(jobs, agents) <= best
    assert makespan_bound(jobs, agents) >= max(max(jobs), sum(jobs) / agents)


def test_the_bound_counts_more_long_branches_than_agents() -> None:
    assert makespan_bound([5, 5, 5, 5], 3) == 10
    assert makespan_bound([], 3) == 0


def test_analysis_of_phase_5_gives_the_figures_of_the_founding_document() -> None:
    facts = analyse(phase_05())
    assert [wave.lines for wave in facts.waves] == [1650, 1800, 1550]
    assert [wave.agents for wave in facts.waves] == [3, 4, 3]
    assert [wave.needs_waves for wave in facts.waves] == [(), (1,), (1, 2)]
    assert facts.waves_bound == (5 + 7 + 5) * HOUR
    assert facts.sequential == (3 * 5 + 4 * 7 + 3 * 5) * HOUR
    assert facts.critical_path == ("5.1.1", "5.2.1", "5.3.2")


def test_fewer_agents_than_branches_lengthen_a_wave() -> None:
    assert analyse(phase_05(), agents=2).waves_bound == (10 + 14 + 10) * HOUR
    assert analyse(phase_05(), agents=1).bound == {"wave": 58 * HOUR, "dependencies": 58 * HOUR}


def test_measured_times_replace_estimates() -> None:
    plan = phase_05()
    path, length = critical_path(plan, {branch.id: 1.0 for branch in plan} | {"5.1.2": 10.0})
    assert (path, length) == (("5.1.2", "5.2.4", "5.3.3"), 12.0)
    assert analyse(plan, weights={branch.id: 6.0 for branch in plan}).waves_bound == 18


def test_measured_times_of_other_phases_are_ignored() -> None:
    plan = phase_05()
    own = {branch.id: 6.0 for branch in plan}
    assert analyse(plan, weights={**own, "6.1.1": 900.0, "6.1.2": 900.0}) == analyse(plan, weights=own)


@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_every_figure_of_a_random_plan_is_possible(dice: random.Random, agents: int) -> None:
    """No bound is above the sequential time or below the longest chain; no agent works more than all the time."""
    plan = random_plan(dice)
    weights = {b.id: dice.choice((0.0, 0.3, 1.7, 9.0)) for b in plan}
    strangers = {f"9.{i}": 50.0 for i in range(dice.randint(0, 3))}
    facts = analyse(plan, agents, {**weights, **strangers})
    total = sum(weights.values())
    assert facts.sequential == total
    assert facts.critical_time <= total * _ROUNDED
    for bound in facts.bound.values():
        assert facts.critical_time <= bound * _ROUNDED and bound <= total * _ROUNDED
        assert total / agents <= bound * _ROUNDED
    assert all(0 <= wave.bound <= sum(weights[b] for b in wave.branches) * _ROUNDED for wave in facts.waves)
    said = simulate([plan], Question(agents=agents, runs=1))
    assert all(0 <= share <= _ROUNDED for share in said.utilisation)
    assert abs(sum(said.utilisation) * said.schedule.makespan - said.sequential) <= 1e-6 * said.sequential
    for mode, makespan in said.makespans.items():
        assert said.critical_time <= said.bounds[mode] <= makespan <= said.sequential


@given(st.randoms(use_true_random=False), st.sampled_from(("wave", "dependencies")))
def test_the_bound_of_a_campaign_is_at_most_its_sequential_time(dice: random.Random, start: str) -> None:
    plans: dict[int, PhasePlan] = {}
    for phase in range(1, dice.randint(2, 5)):
        rows = [branch(f"{phase}.{i}", "1h") for i in range(dice.randint(1, 3))]
        needs = dice.sample(sorted(plans), dice.randint(0, len(plans)))
        waves = [{"wave": 1, "branches": rows}]
        plans[phase] = plan_of(waves, phase, depends_on=needs, max_parallel_agents=dice.randint(1, 3))
    work = {b.id: dice.choice((0.0, 0.3, 1.7, 9.0)) for plan in plans.values() for b in plan}
    bound = lower_bound(plans, work, start)
    assert bound <= sum(work.values()) * _ROUNDED
    assert all(analyse(plan, weights=work).bound[start] <= bound * _ROUNDED for plan in plans.values())


def test_mermaid_draws_every_branch_and_dependency() -> None:
    plan = phase_05()
    chart = flowchart(plan)
    assert chart.count(" --> ") == sum(len(branch.depends_on) for branch in plan) == 10
    assert all(f'["{branch.id}: ' in chart for branch in plan)


def test_mermaid_titles_are_escaped() -> None:
    plan = phase_05()
    branch = plan.waves[0].branches[0].model_copy(update={"title": 'x"]; click b0 "javascript:alert(1)"\n%%{init}%%'})
    wave = plan.waves[0].model_copy(update={"branches": (branch,)})
    chart = flowchart(plan.model_copy(update={"waves": (wave,)}))
    assert chart.splitlines()[2].count('"') == 2
