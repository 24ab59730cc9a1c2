"""The wheel in an environment of its own, beside a team's project with its own `include/` and `plugins/` packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from provision.common import TOP
from tests.install.place import PROXIES, environment

pytestmark = pytest.mark.airflow

_PHASES = (TOP / "dags/phases.py").read_text()
_TEAM_DAG = """
from airflow.sdk import DAG
from include.helpers import TEAM
from plugins.team_words import WORD

team = DAG(f"{TEAM}_{WORD}")
"""
_TEAM_PLUGIN = """
from airflow.plugins_manager import AirflowPlugin

class TeamPlugin(AirflowPlugin):
    name = "team"
"""
_LOOK = """
import json, sys
from importlib.metadata import entry_points
from airflow import plugins_manager
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
names = sorted(info["name"] for info in plugins_manager.get_plugin_info(attrs_to_dump=["name"]))
import phaseplan
try:
    import include, plugins
except ImportError:
    include = plugins = phaseplan
print("RESULT " + json.dumps({
    "dags": sorted(bag.dags), "errors": bag.import_errors, "plugins": names,
    "plugin errors": plugins_manager.get_import_errors(),
    "include": include.__file__, "plugins package": plugins.__file__, "phaseplan": phaseplan.__file__,
    "ours": sorted(n for n in ("bench", "tests", "provision") if n in sys.modules),
}))
"""


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """An Airflow project in the layout that Astro has."""
    for name, text in {
        "include/__init__.py": "",
        "include/helpers.py": "TEAM = 'team'\n",
        "plugins/__init__.py": "",
        "plugins/team_words.py": "WORD = 'dag'\n",
        "plugins/team_plugin.py": _TEAM_PLUGIN,
        "dags/team.py": _TEAM_DAG,
        "dags/phases.py": _PHASES,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "include/plans").mkdir()
    shutil.copy(TOP / "include/plans/phase-05.yaml", tmp_path / "include/plans")
    shutil.copy(TOP / "include/agents.yaml", tmp_path / "include")
    return tmp_path


def look(python: Path, team: Path, **more: str) -> dict[str, object]:
    """What Airflow finds there."""
    done = subprocess.run(
        [str(python), "-c", _LOOK], env=environment(team, **more), cwd=team, capture_output=True, text=True
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert found, (done.stdout + done.stderr)[-4000:]
    return dict(json.loads(found[0].removeprefix("RESULT ")))


def test_a_team_s_dags_plugins_and_packages_stay_beside_ours(installed: Path, team: Path) -> None:
    seen = look(installed, team)
    assert (seen["dags"], seen["errors"]) == (["phase_05", "team_dag"], {})
    assert {"phaseplan", "team"} <= set(seen["plugins"])
    assert seen["plugin errors"] == {}
    assert seen["include"] == str(team / "include/__init__.py")
    assert seen["plugins package"] == str(team / "plugins/__init__.py")
    assert str(seen["phaseplan"]).startswith(str(installed.parents[1]))
    assert seen["ours"] == []


def test_the_plugin_is_registered_once_where_our_plugins_folder_is_used_too(installed: Path, team: Path) -> None:
    shutil.copy(TOP / "plugins/phaseplan_plugin.py", team / "plugins")
    seen = look(installed, team)
    assert list(seen["plugins"]).count("phaseplan") == 1
    assert seen["plugin errors"] == {}


def test_the_console_script_lints_the_team_s_plans(installed: Path, team: Path) -> None:
    command = [str(installed.with_name("phaseplan")), "lint"]
    done = subprocess.run(command, env=environment(team), cwd=team, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    new = [str(installed.with_name("phaseplan")), "new"]
    made = subprocess.run(new, env=environment(team), cwd=team, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert (team / "include/plans/phase-06.yaml").is_file()
    assert list(installed.parents[1].rglob("phase-0*.yaml")) == [], "nothing of a user is inside the package"


def test_the_wheel_holds_one_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"phaseplan"}


def test_the_ranges_of_the_wheel_hold_the_pins(wheel: Path) -> None:
    from packaging.requirements import Requirement

    text = zipfile.ZipFile(wheel).read(next(n for n in zipfile.ZipFile(wheel).namelist() if n.endswith("/METADATA")))
    ranges = {
        r.name.lower(): r.specifier
        for line in text.decode().splitlines()
        if line.startswith("Requires-Dist: ")
        for r in [Requirement(line.removeprefix("Requires-Dist: "))]
    }
    always, in_tests = (pins(Requirement, name) for name in ("requirements.txt", "requirements-dev.txt"))
    extra = ranges.keys() - always.keys()
    assert ranges.keys() >= always.keys() and extra == {"pydantic-ai-slim"}  # of the extra `models`: only tests need it
    tried = always | {name: in_tests[name] for name in extra}
    assert {name for name, pin in tried.items() if pin not in ranges[name]} == set()


def pins(requirement: Any, file: str) -> dict[str, str]:
    """Versions by name, as a requirements file pins them."""
    lines = (line.partition("#")[0].strip() for line in (TOP / file).read_text().splitlines())
    found = [requirement(line) for line in lines if line and not line.startswith("-")]
    return {r.name.lower(): str(r.specifier).removeprefix("==") for r in found}


@pytest.mark.docker
def test_an_airflow_of_a_team_begins_with_init_and_images(installed: Path, tmp_path: Path) -> None:
    phaseplan = str(installed.with_name("phaseplan"))
    image = "phaseplan-test/collector:wheel"
    settings = environment(tmp_path, AIRFLOW__PHASEPLAN__COLLECTOR_IMAGE=image)
    settings |= {name: os.environ[name] for name in ("DOCKER_HOST", *PROXIES) if name in os.environ}

    def run(*words: str) -> str:
        done = subprocess.run([phaseplan, *words], env=settings, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    assert "AIRFLOW__PHASEPLAN__PLANS" not in run("init", str(tmp_path)), "they are where they are looked for"
    run("new")
    try:
        assert f"Built {image}." in run("images", "build", "collector")
    finally:
        subprocess.run(["docker", "image", "rm", "-f", image], check=False, capture_output=True)
    seen = look(installed, tmp_path)
    assert (seen["dags"], seen["errors"]) == (["phase_01"], {})


def test_what_it_names_as_the_next_step_can_be_typed(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "tasks.md").write_text("# Tasks: Shop\n\n## Phase 1: Setup\n\n- [ ] T001 [P] Write the store\n")
    words = [str(installed.with_name("phaseplan")), "import", "tasks.md", "-o", "plan.yaml", "--force"]
    done = subprocess.run(words, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "next: phaseplan lint plan.yaml" in done.stderr, done.stderr
    launcher = subprocess.run([TOP / "phaseplan", *words[1:]], cwd=tmp_path, capture_output=True, text=True)
    assert "next: ./phaseplan lint plan.yaml" in launcher.stderr, launcher.stderr
