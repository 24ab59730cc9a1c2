"""Line 22: `reintegrate` uses the plan of the phase, and no other.

Was: after any `run` of a plan in `include/plans` it said "There is no valid plan file", because the plan was loaded
twice; in another clone it took the shipped example for the plan of your phase 5 and ran it on your repository.
Right: the plan and the profiles are those the ledger has pinned, or the file they came from, where this checkout
opened the phase with it and it was edited since; a file that only has the same number is never taken.
"""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings

from phaseplan.cli import run as run_verb
from phaseplan.cli.main import main
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.cli.sources import pinned
from phaseplan.ledger.records import Pinned, changed
from phaseplan.ledger.write import commit_ledger, read
from phaseplan.phase.close import close_phase
from phaseplan.phase.open import open_phase
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.remote import Remote
from provision.common import TOP
from tests.field.hostile_plans import hostile_plan

PLAN = """phase: 5
title: My own fifth phase
agent: mine
waves:
  - wave: 1
    branches:
      - {id: "1.1", branch: feature/mine, title: Mine, owns: [mine/]}
      - {id: "1.2", branch: feature/other, title: Other, owns: [other/]}
"""
AGENTS = "mine: {image: debian, command: [sh, -c, 'true']}\nanother: {image: alpine}\n"

RAN = 2  # exit code of a run in which nothing was built


class Clone:
    """A checkout: its plans, its agents, its state; what a run would have been about instead of an Airflow."""

    def __init__(self, top: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.top, self.target, self.ran = top, target, list[PhaseRequest]()
        self.plans, self.agents, self.profiles = top / "plans", top / "agents.yaml", ""
        self.plans.mkdir(parents=True)
        self.agents.write_text(AGENTS)
        for key in ("plans", "state"):
            monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key.upper()}", str(top / key))
        monkeypatch.setenv("AIRFLOW__PHASEPLAN__AGENTS", str(self.agents))
        monkeypatch.setattr(run_verb, "carry_out", self._carry_out)

    def _carry_out(self, home: Any, cache: Path, requests: list[PhaseRequest], run_id: str, **_: Any) -> dict[int, str]:
        """Open the phase with the copies in its home, and close it, as the run's Airflow would do."""
        self.ran += requests
        config = configparser.RawConfigParser(strict=False)
        config.read(home.path / "airflow.cfg")
        self.profiles = config["phaseplan"]["agents"]
        copies = sorted((home.path / "plans").iterdir())
        loaded = load_valid(copies, Path(self.profiles))
        for request in requests:
            plan = next(entry.plan for entry in loaded.plans if entry.plan.phase == request.plan.phase)
            self.open(plan, dict(loaded.profiles), run_id, tuple(request.conf.get("branches", ())))
        return {request.plan.phase: "failed" for request in requests}

    def open(self, plan: PhasePlan, profiles: dict[str, Any], run_id: str, branches: tuple[str, ...] = ()) -> None:
        remote = Remote(str(self.target))
        with remote.private(state=self.top / "state") as repo:
            token = open_phase(
                remote, repo, plan, profiles, run_id=run_id, base_name="main", start="wave", branches=branches
            )
            close_phase(repo, remote, token, phase=plan.phase)

    def ask(self, *words: str) -> int:
        return main([*words, "--repository", str(self.target)])


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "target.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", target], check=True)
    tree = subprocess.run(["git", "-C", target, "mktree"], input=b"", capture_output=True, check=True).stdout.strip()
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    made = subprocess.run(
        ["git", "-C", target, *identity, "commit-tree", "-m", "base", tree], capture_output=True, check=True
    )
    subprocess.run(["git", "-C", target, "update-ref", "refs/heads/main", made.stdout.strip()], check=True)
    return target


@pytest.fixture
def clone(tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Make the clone from which phase 5 was run, with its plan in the folder of plans."""
    made = Clone(tmp_path / "one", target, monkeypatch)
    (made.plans / "five.yaml").write_text(PLAN)
    assert made.ask("run", str(made.plans / "five.yaml")) == RAN
    made.ran.clear()
    return made


@pytest.fixture
def another(clone: Clone, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Make a fresh clone of Phaseplan without any record of the run, with the shipped example."""
    made = Clone(tmp_path / "two", target, monkeypatch)
    shutil.copy(TOP / "include/plans/phase-05.yaml", made.plans)
    shutil.copy(TOP / "include/agents.yaml", made.agents)
    return made


def test_reintegrate_works_after_a_run_of_a_plan_in_the_plans_folder(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clone.ask("reintegrate", "5", "1.1") == RAN
    output = capsys.readouterr()
    assert "no valid plan file" not in output.err + output.out
    (request,) = clone.ran
    assert (request.file, request.selected) == (clone.plans / "five.yaml", ("1.1",))
    assert f"Plan: {clone.plans / 'five.yaml'}, as the ledger of phase 5 has it." in output.out


def test_reintegrate_works_after_a_run_of_two_repositories_with_own_profiles(
    clone: Clone, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(clone.target, first := tmp_path / "first.git")
    agents = tmp_path / "profiles.yaml"
    agents.write_text("theirs: {image: debian}\n")
    theirs = PLAN.replace("agent: mine", "agent: theirs")
    four, five = tmp_path / "four.yaml", tmp_path / "five.yaml"
    four.write_text(f"repository: {first}\n" + theirs.replace("phase: 5", "phase: 4"))
    five.write_text(f"repository: {clone.target}\n" + theirs)
    assert main(["run", str(four), str(five), "--agents", str(agents)]) == RAN
    clone.ran.clear()
    assert main(["reintegrate", "5", "1.1"]) == RAN, capsys.readouterr().err
    (request,) = clone.ran
    assert (request.repository, request.plan.agent) == (str(clone.target), "theirs")


def test_a_plan_that_was_edited_since_is_taken(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    (clone.plans / "five.yaml").write_text(PLAN.replace("owns: [mine/]", "owns: [mine/, more/]"))
    assert clone.ask("reintegrate", "5", "1.1") == RAN
    assert clone.ran[0].plan.by_id["1.1"].owns == ("mine/", "more/")
    assert "edited since phase 5 was opened" in capsys.readouterr().out


def test_a_plan_that_has_errors_now_is_not_passed_over(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    (clone.plans / "five.yaml").write_text(PLAN.replace("title: My", "tittle: My"))
    assert clone.ask("reintegrate", "5", "1.1") == 1
    assert clone.ran == [] and f"phaseplan lint {clone.plans / 'five.yaml'}" in capsys.readouterr().err


def test_a_branch_that_the_edited_plan_no_longer_has_is_said(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    """It was a KeyError with a traceback."""
    (clone.plans / "five.yaml").write_text(PLAN.replace("1.1", "1.9").replace("feature/mine", "feature/nine"))
    assert clone.ask("reintegrate", "5", "1.1") == 1
    assert "five.yaml has no branch 1.1 any more" in capsys.readouterr().err


def test_a_plan_file_that_is_of_another_phase_now_is_called_so(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lint was to say why it is no valid plan, and found nothing."""
    (clone.plans / "five.yaml").write_text(PLAN.replace("phase: 5", "phase: 6"))
    assert clone.ask("reintegrate", "5", "1.1") == 1
    output = capsys.readouterr().err
    assert "describes phase 6 now" in output and "lint" not in output


def test_a_plan_file_that_is_gone_is_not_needed(clone: Clone) -> None:
    (clone.plans / "five.yaml").unlink()
    assert clone.ask("reintegrate", "5", "1.2") == RAN
    assert (clone.ran[0].plan.title, clone.ran[0].selected) == ("My own fifth phase", ("1.2",))
    assert clone.ask("reintegrate", "5", "1.1") == RAN, "and again, after a run with the ledger's own"


def test_an_example_is_never_taken_for_your_phase(another: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    assert another.ask("reintegrate", "5", "1.1") == RAN
    (request,) = another.ran
    assert request.plan.title == "My own fifth phase"
    assert "mine" in load_valid([], Path(another.profiles)).profiles
    assert "Plan: as the ledger of phase 5 has it." in capsys.readouterr().out
    show = ["git", "-C", another.target, "show", "refs/phaseplan/phase-5/ledger:plan.json"]
    plan = subprocess.run(show, capture_output=True, text=True, check=True).stdout
    assert "My own fifth phase" in plan and "feature/mine" in plan


def test_an_edited_file_does_not_count_once_another_user_has_opened_the_phase(
    another: Clone, clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = PLAN.replace("title: Other", "title: Theirs").replace("other/", "theirs/")
    (another.plans / "phase-05.yaml").write_text(theirs)
    another.agents.write_text(AGENTS)
    assert another.ask("run", str(another.plans / "phase-05.yaml")) == RAN
    for key in ("plans", "state"):
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key.upper()}", str(clone.top / key))
    monkeypatch.setattr(run_verb, "carry_out", clone._carry_out)
    assert clone.ask("reintegrate", "5", "1.2") == RAN
    assert clone.ran[0].plan.by_id["1.2"].owns == ("theirs/",)


def test_a_later_phase_finds_the_one_before_it_in_the_ledger(
    another: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    six = PLAN.replace("phase: 5", "phase: 6\ndepends_on: [5]").replace("feature/", "feature/six-")
    folder = another.top / "elsewhere"
    folder.mkdir()
    (folder / "six.yaml").write_text(six)
    another.agents.write_text(AGENTS)
    assert another.ask("run", str(folder / "six.yaml")) == 1
    assert "depends on phase 5, which is not complete" in capsys.readouterr().err
    remote = Remote(str(another.target))
    with remote.private(state=another.top / "state") as repo:
        snapshot = read(repo, remote, 5)
        assert snapshot.ledger is not None and snapshot.ledger.run is not None
        run = changed(snapshot.ledger.run, complete=True)
        assert commit_ledger(repo, remote, snapshot, changed(snapshot.ledger, run=run))
    assert another.ask("run", str(folder / "six.yaml")) == RAN, "and not the example, which is another plan"
    assert [request.plan.phase for request in another.ran] == [6]


def test_status_does_not_measure_a_phase_by_an_example(another: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    assert another.ask("status", "5") == 0
    output = capsys.readouterr().out
    assert "My own fifth phase" in output and "Distributed" not in output


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile_plan())
def test_the_files_that_are_written_hold_what_was_pinned(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("pinned")
    (folder / "agents").write_text("a: {image: x, command: ['{{ 5 }}', 'yes', '1e3', '- x'], environment: {A: 'no'}}\n")
    (folder / "plan").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8", "surrogatepass")
    campaign = load_valid([folder / "plan"], folder / "agents")
    assume(campaign.plans)
    plan = campaign.plans[0].plan
    known = Pinned.model_validate_json(Pinned(plan=plan, profiles=campaign.profiles).model_dump_json(by_alias=True))
    again = load_valid([pinned.write(known, folder)[0]], folder / f"agents-{plan.phase:02d}.yaml")
    assert again.profiles == campaign.profiles
    assert [entry.plan for entry in again.plans] == [plan]
    assert plan_digest(again.plans[0].plan) == plan_digest(plan)
