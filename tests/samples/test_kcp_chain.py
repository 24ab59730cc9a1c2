"""The agent builds all ten branches, each from its own dependencies; real merges, then every gate of the plan."""

from __future__ import annotations

from typing import Any

import pytest

from phaseplan.plan.patterns.gitignore import matches

pytestmark = pytest.mark.docker

ESTIMATE = {
    "5.1.1": 600, "5.1.2": 500, "5.1.3": 550, "5.2.1": 500, "5.2.2": 450,
    "5.2.3": 400, "5.2.4": 450, "5.3.1": 600, "5.3.2": 500, "5.3.3": 450,
}  # fmt: skip
_WORK, _API = "/pkg/apis/workload/v1alpha1", "/pkg/apis/apiresource/v1alpha1"
ALWAYS = ["zz_generated.*", "/config/crd/**"]
OWNS = {
    "5.1.1": [f"{_WORK}/{p}" for p in ("doc.go", "register.go", "types_synctarget*.go", "synctarget*_test.go")],
    "5.1.2": [
        f"{_API}/{p}"
        for p in ("doc.go", "register.go", "types_apiresource*.go", "types_negotiation*.go", "apiresource*_test.go")
    ],
    "5.1.3": ["/pkg/apis/placement/v1alpha1/"],
    "5.2.1": [f"{_WORK}/{p}" for p in ("register.go", "types_distribution*.go", "distribution*_test.go")],
    "5.2.2": [f"{_WORK}/{p}" for p in ("register.go", "types_transform*.go", "transform*_test.go")],
    "5.2.3": [f"{_WORK}/{p}" for p in ("register.go", "types_status*.go", "status*_test.go")],
    "5.2.4": [f"{_API}/{p}" for p in ("register.go", "types_discovery*.go", "discovery*_test.go")],
    "5.3.1": ["/pkg/interfaces/syncer/"],
    "5.3.2": ["/pkg/interfaces/placement/"],
    "5.3.3": ["/pkg/interfaces/virtualworkspace/"],
}


@pytest.mark.parametrize("branch", sorted(ESTIMATE))
def test_a_branch_is_built_from_its_dependencies_alone(chain: dict[str, Any], branch: str) -> None:
    built = chain["branches"][branch]
    assert built["exit"] == 0, built["log"]
    assert built["conflicts"] == [] and built["clean"]
    assert built["author"] == "Agent 1"


@pytest.mark.parametrize("branch", sorted(ESTIMATE))
def test_a_branch_keeps_to_its_budget_and_its_paths(chain: dict[str, Any], branch: str) -> None:
    built = chain["branches"][branch]
    assert 0.6 * ESTIMATE[branch] <= built["lines"] <= 799
    assert [path for path in built["files"] if not matches(OWNS[branch] + ALWAYS, path)] == []


def test_merges_conflict_in_generated_files_at_most(chain: dict[str, Any]) -> None:
    assert {branch: paths for branch, paths in chain["merges"].items() if paths} == {}


def test_every_gate_is_green_on_the_merged_commit(chain: dict[str, Any]) -> None:
    assert {gate: said for gate, (code, said) in chain["gates"].items() if code != 0} == {}
    assert chain["unformatted"] == ""


def test_union_merge_registers_the_types_of_all_branches(chain: dict[str, Any]) -> None:
    for kind in ("SyncTarget", "Distribution", "Transform", "StatusAggregation"):
        assert chain["register"].count(f"&{kind}{{}},") == chain["register"].count(f"&{kind}List{{}},") == 1
    assert len([path for path in chain["generated"] if path.startswith("config/crd/")]) == 9
