"""The sample recipes: its plan is valid, its agent builds every branch, its image has no git."""

from __future__ import annotations

import pytest
import yaml

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.graph import merge_order, transitive
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from tests.samples.conftest import SAMPLES, Run


def plan() -> PhasePlan:
    return PhasePlan.model_validate(yaml.safe_load((SAMPLES / "recipes" / "plan.yaml").read_text()))


def test_plan_and_profile_are_valid_and_agree() -> None:
    profiles = yaml.safe_load((SAMPLES / "recipes" / "agents.yaml").read_text())
    assert AgentProfile.model_validate(profiles[plan().agent]).image == "phaseplan/sample-recipes:1"
    assert merge_order(plan()) == ("1.1.1", "1.1.2", "1.2.1", "1.2.2", "1.2.3")


@pytest.mark.docker
def test_image_has_no_git(recipes: Run) -> None:
    assert recipes("sh", "-c", "command -v git").returncode != 0


@pytest.mark.docker
@pytest.mark.parametrize("branch", ["1.1.1", "1.1.2", "1.2.1", "1.2.2", "1.2.3"])
def test_agent_builds_a_branch_on_its_dependencies_alone(recipes: Run, branch: str) -> None:
    folder = f"/tmp/{branch}"
    recipes("mkdir", "-p", folder, check=True)
    for source in sorted((SAMPLES / "recipes" / "repository").rglob("*")):
        name = source.relative_to(SAMPLES / "recipes" / "repository").as_posix()
        if source.is_file() and "__pycache__" not in name:
            target = f"{folder}/{name}"
            recipes("sh", "-c", f"mkdir -p $(dirname {target}) && cat > {target}", stdin=source.read_text(), check=True)
    for needed in transitive(plan(), branch):
        assert _agent(recipes, folder, needed)[0] == 0
    recipes("sh", "-c", f"rm -f {folder}/NOTES.md && cp -r {folder} {folder}.before", check=True)
    code, said = _agent(recipes, folder, branch)
    assert code == 0 and said.rstrip().endswith("done"), said
    changed = _changed(recipes, f"{folder}.before", folder)
    owned = [*plan().by_id[branch].owns, *(s.path for s in plan().shared_with(branch)), "/NOTES.md"]
    assert changed and [path for path in changed if not matches(owned, path)] == []
    recipes("sh", "-c", f"cd {folder} && python3 -m unittest && python3 -m recipes --check", check=True)


@pytest.mark.docker
def test_agent_is_blocked_or_says_what_it_does_not_know(recipes: Run) -> None:
    recipes("mkdir", "-p", "/tmp/empty", check=True)
    code, said = _agent(recipes, "/tmp/empty", "1.2.1")
    assert (code, said.splitlines()[-1]) == (75, "BLOCKED: need recipes/units.py of another branch")
    assert _agent(recipes, "/tmp/empty", "9.9.9") == (2, "recipes-agent: knows no branch 9.9.9\n")
    assert _agent(recipes, "/tmp/empty", "../x")[0] == 2


def _agent(recipes: Run, folder: str, branch: str) -> tuple[int, str]:
    done = recipes("env", f"PHASEPLAN_BRANCH={branch}", f"PHASEPLAN_WORKSPACE={folder}", "recipes-agent")
    return done.returncode, done.stdout + done.stderr


def _changed(recipes: Run, before: str, after: str) -> list[str]:
    """Paths of files that differ between two folders, by checksum."""
    sums = []
    for folder in (before, after):
        out = recipes("sh", "-c", f"cd {folder} && find . -type f -exec md5sum {{}} +", check=True).stdout
        sums.append({tuple(line.split(maxsplit=1)) for line in out.splitlines()})
    return sorted({path.removeprefix("./") for _, path in sums[0] ^ sums[1]})
