"""The campaign of `include/plans`: phases 5 to 10, free of errors and warnings."""

from __future__ import annotations

from phaseplan.cli.lint import default_agents, default_plans
from phaseplan.plan.campaign import Campaign, load_campaign

BRANCHES = {5: 10, 6: 8, 7: 9, 8: 8, 9: 7, 10: 5}


def campaign() -> Campaign:
    return load_campaign(default_plans(), default_agents())


def test_it_lints_without_errors_and_warnings() -> None:
    assert [str(d) for d in campaign().diagnostics if d.severity != "note"] == []


def test_the_campaign_has_all_its_phases() -> None:
    plans = [loaded.plan for loaded in campaign().plans]
    assert {plan.phase: len(plan.by_id) for plan in plans} == BRANCHES
    assert len({branch.id for plan in plans for branch in plan}) == len({b.branch for p in plans for b in p}) == 47


def test_a_later_phase_begins_on_what_it_depends_on_by_itself() -> None:
    for plan in (loaded.plan for loaded in campaign().plans if loaded.plan.phase > 5):
        assert plan.depends_on == tuple(range(5, plan.phase))
        assert plan.schedule == "after dependencies" and "base" not in plan.model_fields_set


def test_every_wave_is_validated_by_commands_that_pass_before_it_too() -> None:
    """A validation that needs the wave's own folders is red on the base, which stops the search for culprits."""
    for plan in (loaded.plan for loaded in campaign().plans if loaded.plan.phase > 5):
        for wave in plan.waves:
            assert wave.validation
            named = [word for command in wave.validation for word in command.split() if word.startswith("./")]
            assert set(named) <= {"./...", "./pkg/...", "./test/..."}
