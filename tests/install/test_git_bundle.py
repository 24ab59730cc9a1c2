"""Plans in a bundle with versions: a run works with the version that Airflow has given it, whatever came later."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from provision.common import TOP
from tests.install.place import environment

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]

_PLAN = """\
phase: 4
title: {title}
agent: mine
waves:
  - wave: 1
    branches:
      - {{id: 4.1.1, branch: feature/four, title: Four, owns: [four.txt], brief: Write four into it.}}
"""
_AGENTS = "mine: {{image: '{image}', command: [git]}}\n"
#: What the task runner of Airflow 3.3 does with a task: the bundle at the version of the run, and the DAG file in it.
_TASK = """
import json, sys
from pathlib import Path
from airflow.dag_processing.bundles.base import unpack_bundle_version
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag
version = sys.argv[1] if len(sys.argv) > 1 else None
bundle = DagBundlesManager().get_bundle(name="ours", version=version)
bundle.initialize()
file = Path(bundle.path, "dags/phases.py")
bag = BundleDagBag(dag_folder=str(file), safe_mode=False, bundle_path=bundle.path, bundle_name="ours")
from phaseplan.airflow.operators.phase import _pinned
from phaseplan.config.settings import settings
found, plan, profiles = _pinned(4)
own = (found, settings().agents, settings().notifiers, settings().state)
inside = [Path(bundle.path) in path.parents for path in own]
print("RESULT " + json.dumps({
    "errors": bag.import_errors, "shown": bag.dags["phase_04"].dag_display_name,
    "pinned": plan.title, "image": profiles["mine"].image, "inside": inside,
    "version": unpack_bundle_version(bundle.get_current_version(), bundle)[0],
}))
"""


class Team:
    """A repository of plans, which is a bundle of an Airflow beside another team's."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python, self.home, self.plans = python, folder / "airflow", folder / "plans"
        other = folder / "other"
        for made in (self.home, other):
            made.mkdir()
        bundles = [
            {"name": "theirs", "classpath": _LOCAL, "kwargs": {"path": str(other)}},
            {"name": "ours", "classpath": _GIT, "kwargs": {"repo_url": str(self.plans), "tracking_ref": "main"}},
        ]
        self.variables = environment(self.home) | {
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(folder / "bundles"),
        }

    def version(self, title: str, image: str) -> str:
        """Commit a plan and the profile of its agent; return the version's name."""
        (self.plans / "include/plans/phase-04.yaml").write_text(_PLAN.format(title=title))
        (self.plans / "include/agents.yaml").write_text(_AGENTS.format(image=image))
        self.git("add", "-A")
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", title)
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", "-C", str(self.plans), *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def task(self, *version: str) -> dict[str, object]:
        """What a task of a run with that version works with; without one it is the newest."""
        words = [str(self.python), "-c", _TASK, *version]
        done = subprocess.run(words, env=self.variables, cwd=self.home, capture_output=True, text=True)
        found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        assert found, (done.stdout + done.stderr)[-4000:]
        return dict(json.loads(found[0].removeprefix("RESULT ")))


_LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
_GIT = "airflow.providers.git.bundles.git.GitDagBundle"


@pytest.fixture
def team(installed: Path, tmp_path: Path) -> Team:
    made = Team(installed, tmp_path)
    program = str(installed.with_name("phaseplan"))
    subprocess.run([program, "init", str(made.plans)], env=made.variables, check=True, capture_output=True)
    subprocess.run(["git", "init", "-q", "-b", "main", str(made.plans)], check=True)
    return made


def test_a_run_keeps_the_plan_and_the_profiles_of_its_version(team: Team) -> None:
    first = team.version("As it was", "mine:1")
    second = team.version("As it is", "mine:2")
    inside = [True, True, True, False]  # plan, profiles and notifiers; state is outside of every bundle
    was = {"shown": "Phase 4: As it was", "pinned": "As it was", "image": "mine:1", "inside": inside, "version": first}
    now = {"shown": "Phase 4: As it is", "pinned": "As it is", "image": "mine:2", "inside": inside, "version": second}
    assert team.task() == now | {"errors": {}}
    assert team.task(first) == was | {"errors": {}}, "a run that began with it, after the newer one was fetched"


def test_the_files_of_the_checkout_do_the_same() -> None:
    assert "phase_dags(__file__)" in (TOP / "dags/phases.py").read_text()
    assert "raise_plan_problems(__file__)" in (TOP / "dags/plan_problems.py").read_text()
