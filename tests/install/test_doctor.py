"""`phaseplan doctor` in an Airflow of somebody else's making: nothing is wrong, then one thing after the other is."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from provision.common import TOP
from tests.install.place import environment
from tests.one_branch import PLAN

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(600)]

_AGENTS = """\
mine: {image: "phaseplan/collector:2", command: [git]}
keyed: {image: "phaseplan/collector:2", command: [git], secrets: {TOKEN: nobody_made_this}}
model: {use: claude-code, image: "phaseplan/collector:2", command: [git], secrets: {key: a_model}}
absent: {image: "phaseplan-test/none:1", command: [git]}
"""
_NONE = "phaseplan-test/none:1"
_REFUSES = (
    "#!/bin/sh\nwhile read -r old new ref; do case $ref in refs/phaseplan/*) echo frozen >&2; exit 1;; esac; done\n"
)


class Place:
    """An Airflow's home with one phase, and a target beside it."""

    def __init__(self, python: Path, home: Path) -> None:
        self.python, self.home = python, home
        self.target = home / "target.git"
        self.variables = environment(home) | {"AIRFLOW_CONN_A_MODEL": '{"conn_type": "generic", "password": "x"}'}
        self.variables |= {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program of that Python."""
        program = str(self.python.with_name(command[0]))
        words = [program, *command[1:]] if command[0] == "phaseplan" else [str(self.python), "-m", *command]
        return subprocess.run(words, env=self.variables | more, cwd=self.home, capture_output=True, text=True)

    def airflow(self, *words: str) -> None:
        """Run a command of Airflow, which must succeed."""
        done = self.run("airflow", *words)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    def doctor(self, *areas: str, **more: str) -> tuple[int, list[dict[str, Any]]]:
        """What doctor says of some areas."""
        done = self.run("phaseplan", "doctor", "--json", *areas, **more)
        return done.returncode, json.loads(done.stdout)

    def wrong(self, *areas: str, **more: str) -> tuple[int, str]:
        """The exit code, and all that is wrong with its next step."""
        code, lines = self.doctor(*areas, **more)
        return code, "\n".join(f"{each['words']} -> {each['step']}" for each in lines if each["state"] == "wrong")


@pytest.fixture(scope="module")
def place(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """An airflow.cfg as Airflow makes it, the README's block pasted below, and Airflow's own processes run once."""
    made = Place(installed, tmp_path_factory.mktemp("theirs"))
    made.airflow("db", "migrate")
    configuration = made.home / "airflow.cfg"
    assert configuration.is_file(), "Airflow has made it"
    block = re.search(r"```ini\n(.*?)```", (TOP / "README.md").read_text(), re.DOTALL)
    assert block is not None
    configuration.write_text(configuration.read_text() + "\n" + block[1])
    assert made.run("phaseplan", "init", str(made.home)).returncode == 0
    (made.home / "include/plans/phase-04.yaml").write_text(PLAN)
    (made.home / "include/agents.yaml").write_text(_AGENTS)
    made.airflow("dag-processor", "--num-runs", "1")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(made.target)], check=True)
    tree = subprocess.run(["git", "-C", str(made.target), "mktree"], input=b"", capture_output=True, check=True).stdout
    author = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    commit = subprocess.run(
        ["git", "-C", str(made.target), "commit-tree", "-m", "first", tree.decode().strip()],
        capture_output=True, check=True, env=os.environ | author,
    ).stdout.decode().strip()  # fmt: skip
    subprocess.run(["git", "-C", str(made.target), "update-ref", "refs/heads/main", commit], check=True)
    made.variables["AIRFLOW__PHASEPLAN__REPOSITORY"] = str(made.target)
    return made


@pytest.fixture
def plan(place: Place) -> Iterator[Path]:
    """The plan's file, which a test may change."""
    path = place.home / "include/plans/phase-04.yaml"
    yield path
    path.write_text(PLAN)


def test_the_block_of_the_readme_shows_the_phases(place: Place) -> None:
    listed = place.run("airflow", "dags", "list", "-o", "json")
    assert "phase_04" in {each["dag_id"] for each in json.loads(listed.stdout[listed.stdout.index("[{") :])}
    assert place.run("airflow", "dags", "list-import-errors", "-o", "json").stdout.endswith("\n[]\n")


def test_the_guide_has_the_same_block() -> None:
    block = re.search(r"```ini\n(.*?)```", (TOP / "README.md").read_text(), re.DOTALL)
    guide = (TOP / "docs/install.md").read_text()
    assert block is not None and block[1] in guide.replace("\n   ", "\n")


def test_nothing_is_wrong_where_nothing_is(place: Place) -> None:
    code, lines = place.doctor()
    assert [each for each in lines if each["state"] == "wrong"] == []
    assert code == 0
    seen = {(each["area"], each["state"]) for each in lines}
    everything = ("versions", "settings", "plans", "notifiers", "engine", "clock", "repository", "secrets", "plugin")
    assert {(area, "ok") for area in (*everything, "DAGs", "pools", "tuning", "disk")} <= seen
    held = subprocess.run(["git", "-C", str(place.target), "for-each-ref"], capture_output=True, text=True).stdout
    assert held.count("\n") == 1, "the ref that was tried is gone"


BROKEN: Mapping[str, tuple[tuple[str, ...], dict[str, str], int, str]] = {
    "no git": (("versions",), {"PATH": "/nowhere"}, 2, "no program `git` on PATH -> install git"),
    "bad setting": (("settings",), {"AIRFLOW__PHASEPLAN__GATE_RUNS": "0"}, 1, "`gate_runs` in section [phaseplan]"),
    "no plans": (("settings",), {"AIRFLOW__PHASEPLAN__PLANS": "/nowhere"}, 1, "plans /nowhere does not exist"),
    "no engine": (("engine",), {"AIRFLOW__PHASEPLAN__DOCKER_URL": "unix:///nowhere/d.sock"}, 2, "unix:///nowhere/d.sock"),
    "no collector": (
        ("engine",), {"AIRFLOW__PHASEPLAN__COLLECTOR_IMAGE": _NONE}, 2, "phaseplan images build collector",
    ),
    "no target": (("repository",), {"AIRFLOW__PHASEPLAN__REPOSITORY": "/nowhere/t.git"}, 2, "/nowhere/t.git"),
    "no room for state": (("disk",), {"AIRFLOW__PHASEPLAN__STATE": "/proc/none"}, 2, "/proc/none cannot be written"),
    "a name without address": (
        ("logs",), {"AIRFLOW__CORE__HOSTNAME_CALLABLE": "theirs.name"}, 2, "no-such-host.invalid, has no address",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_with_the_next_step(place: Place, name: str) -> None:
    areas, variables, code, words = BROKEN[name]
    (place.home / "theirs.py").write_text("def name():\n    return 'no-such-host.invalid'\n")
    found, wrong = place.wrong(*areas, **variables)
    assert (found, words in wrong) == (code, True), wrong


def test_a_component_without_a_database_says_what_it_could_not_look_at(place: Place) -> None:
    code, lines = place.doctor("DAGs", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="sqlite:////nowhere/a.db")
    assert (code, [each["state"] for each in lines]) == (0, ["not seen"])
    assert "DAGs and pools were not looked at" in lines[0]["words"]


def test_a_target_that_refuses_our_refs_says_so_in_its_own_words(place: Place) -> None:
    hook = place.target / "hooks/pre-receive"
    hook.write_text(_REFUSES)
    hook.chmod(0o755)
    try:
        code, wrong = place.wrong("repository")
    finally:
        hook.unlink()
    assert code == 2 and "frozen" in wrong


@pytest.mark.parametrize(
    ("agent", "area", "words"),
    [
        ("keyed", "secrets", "agent profile keyed: variable TOKEN is to get password of the Airflow connection"),
        ("absent", "engine", "phaseplan-test/none:1"),
        ("nobody", "plans", "PP"),
    ],
)
def test_a_profile_that_cannot_work_is_named(place: Place, plan: Path, agent: str, area: str, words: str) -> None:
    plan.write_text(PLAN.replace("mine", agent))
    code, wrong = place.wrong(area)
    assert code and words in wrong


def test_the_gateway_s_image_is_wanted_only_where_a_profile_has_one(place: Place, plan: Path) -> None:
    missing = {"AIRFLOW__PHASEPLAN__GATEWAY_IMAGE": _NONE}
    assert place.wrong("engine", **missing) == (0, "")
    plan.write_text(PLAN.replace("mine", "model"))
    code, wrong = place.wrong("engine", **missing)
    assert code == 2 and "-> phaseplan images build gateway" in wrong


def test_a_phase_that_airflow_does_not_show_is_named(place: Place) -> None:
    another = place.home / "include/plans/phase-03.yaml"
    another.write_text(PLAN.replace("4", "3"))
    try:
        code, wrong = place.wrong("DAGs")
    finally:
        another.unlink()
    assert code == 1 and "Airflow does not show phase_03" in wrong and "phase_04" not in wrong


def test_a_pool_that_counts_no_deferred_agent_is_named(place: Place) -> None:
    pool = "phaseplan_4_a9"
    assert place.run("airflow", "pools", "set", pool, "9", "theirs").returncode == 0
    try:
        code, wrong = place.wrong("DAGs")
    finally:
        place.run("airflow", "pools", "delete", pool)
    assert code == 2 and f"{pool} does not count deferred tasks" in wrong


def test_a_notifier_that_cannot_be_imported_is_named(place: Place) -> None:
    notifiers = place.home / "include/notifiers.yaml"
    kept = notifiers.read_text()
    notifiers.write_text("chat: {class: no.such.Notifier}\n")
    try:
        code, wrong = place.wrong("notifiers")
    finally:
        notifiers.write_text(kept)
    assert code == 1 and "notifier chat: no.such.Notifier cannot be imported" in wrong


def test_a_missing_plugin_is_named(place: Place) -> None:
    (package,) = place.python.parents[1].rglob("phaseplan-*.dist-info")
    kept = (package / "entry_points.txt").read_text()
    (package / "entry_points.txt").write_text("")
    try:
        code, wrong = place.wrong("plugin")
    finally:
        (package / "entry_points.txt").write_text(kept)
    assert code == 2 and "not loaded: no pool bounds the agents" in wrong


def test_an_unknown_area_is_refused_with_those_there_are(place: Place) -> None:
    done = place.run("phaseplan", "doctor", "engin")
    assert done.returncode == 1 and "'engin' to look at; there are: versions, settings" in done.stderr
