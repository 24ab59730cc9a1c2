"""The agent builds the branches of phases 6 and 7 in plan order, with every gate at the end of each phase.

`PHASEPLAN_CAMPAIGN=10` has it build all 37 to phase 10, which takes minutes; `make bench BENCH_ARGS=campaign` does so
under Airflow.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from phaseplan.cli.lint import default_plans
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.graph import merge_order, transitive
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from tests.samples.conftest import Run

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]  # the first test waits for all builds

LAST = int(os.environ.get("PHASEPLAN_CAMPAIGN", "7"))
PLANS = [loaded.plan for loaded in load_valid(default_plans(), None).plans if 5 < loaded.plan.phase <= LAST]
BRANCHES = {branch.id: branch for plan in PLANS for branch in plan}


def _told(plan: PhasePlan) -> dict[str, Any]:
    """What the script inside needs of a plan; a command that several waves share runs once."""
    validations = [command for wave in plan.waves for command in wave.validation]
    branches = [{"id": branch, "needs": transitive(plan, branch)} for branch in merge_order(plan)]
    return {
        "phase": plan.phase,
        "branches": branches,
        "gates": list(dict.fromkeys([*plan.gates.commands, *validations])),
    }


@pytest.fixture(scope="module")
def campaign(go: Run, chain: dict[str, Any]) -> dict[str, Any]:
    script = Path(__file__).with_name("inside_campaign.py").read_text()
    done = go("python3", "-", "/tmp/chain", json.dumps([_told(plan) for plan in PLANS]), stdin=script, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_every_branch_is_built_from_its_dependencies_alone(campaign: dict[str, Any]) -> None:
    built = campaign["branches"]
    assert len(built) >= 17 and built.keys() == BRANCHES.keys()
    assert {branch: found["log"] for branch, found in built.items() if found["exit"] or not found["clean"]} == {}
    for branch, found in built.items():
        phase = branch.split(".")[0]
        assert found["message"].endswith(f"Branch {branch} of phase {phase}, with its tests and generated files.")


def test_every_branch_keeps_to_its_budget_and_its_paths(campaign: dict[str, Any]) -> None:
    for branch, built in campaign["branches"].items():
        assert 60 <= built["lines"] <= 799, branch
        assert [path for path in built["files"] if not matches(BRANCHES[branch].owns, path)] == [], branch


def test_every_branch_brings_tests(campaign: dict[str, Any]) -> None:
    assert [
        b for b, built in campaign["branches"].items() if not any(f.endswith("_test.go") for f in built["files"])
    ] == []


def test_every_gate_is_green_at_the_end_of_its_phase(campaign: dict[str, Any]) -> None:
    assert {gate: said for gate, (code, said) in campaign["gates"].items() if code != 0} == {}
    assert campaign["dirty"] == ""


def test_a_branch_without_what_it_needs_is_blocked_and_leaves_nothing(campaign: dict[str, Any]) -> None:
    first = [next(iter(plan)).id for plan in PLANS]
    assert {branch: (code, left) for branch, (code, _, left) in campaign["blocked"].items()} == dict.fromkeys(
        first, (75, "")
    )
    assert campaign["blocked"]["7.1.1"][1] == (
        "BLOCKED: Agent 1 - need Store (pkg/reconciler/workload/synctarget) of branch 6.1.1, "
        "SyncerObject (pkg/interfaces/syncer) of branch 5.3.1"
    )
