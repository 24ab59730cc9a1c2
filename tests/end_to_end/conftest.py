"""One Airflow, one engine, six phases at once: what a run of each leaves is what the tests look at."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.phaseplan.cli.airflow.api import Api
from include.phaseplan.runtime.settings import TOP

HERE = Path(__file__).parent
MISFIT_IMAGE = "phaseplan/test-misfits:1"


@dataclass(frozen=True)
class Night:
    """What `./phaseplan run` said and left."""

    home: Path
    state: Path
    code: int
    output: str
    repositories: dict[int, Path]
    cached: dict[str, Any] = field(default_factory=dict)

    def status(self, phase: int) -> dict[str, Any]:
        """`./phaseplan status PHASE --json`."""
        if f"status {phase}" not in self.cached:
            out = phaseplan(["status", str(phase), "--json", "--repository", str(self.repositories[phase])], self.state)
            self.cached[f"status {phase}"] = json.loads(out.stdout)
        return dict(self.cached[f"status {phase}"])

    def git(self, phase: int, *args: str) -> str:
        """git in the target repository of a phase."""
        return subprocess.run(
            ["git", "-C", str(self.repositories[phase]), *args], check=True, capture_output=True, text=True
        ).stdout

    def log(self, phase: int, task: str) -> str:
        """All tries of a task's log, the messages only."""
        found = sorted(self.home.glob(f"logs/dag_id=phase_{phase:02d}/run_id=*/task_id={task}/attempt=*.log"))
        assert found, f"no log of {task} in phase {phase}"
        return "\n".join(_message(line) for path in found for line in path.read_text(errors="replace").splitlines())

    def leftovers(self) -> list[str]:
        """Containers and volumes of these runs on the engine."""
        out: list[str] = []
        for phase in (1, 5, 90, 92, 93, 94):
            ledger = json.loads(self.git(phase, "show", f"refs/phaseplan/phase-{phase}/ledger:ledger.json"))["id"]
            for kind in (["ps", "-aq"], ["volume", "ls", "-q"]):
                out += _docker(*kind, "--filter", f"label=phaseplan.ledger={ledger}").split()
        return out


def phaseplan(args: list[str], state: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """`./phaseplan` in a process of its own, with its state where the test wants it."""
    environment = {**os.environ, "AIRFLOW__PHASEPLAN__STATE": str(state), **extra}
    return subprocess.run(
        [sys.executable, "-m", "include.phaseplan.cli.main", *args],
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
    )


def _docker(*args: str) -> str:
    return subprocess.run(["docker", *args], check=True, capture_output=True, text=True).stdout


def _message(line: str) -> str:
    try:
        said = json.loads(line)
    except ValueError:
        return line
    detail = "".join(f"\n{e.get('exc_type')}: {e.get('exc_value')}" for e in said.get("error_detail") or [])
    return f"{said.get('event', '')}{detail}"


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Runs phases 1, 5 and 90 to 94 once, all in one Airflow."""
    place = tmp_path_factory.mktemp("night")
    _docker("build", "-q", "-t", MISFIT_IMAGE, str(HERE / "misfits"))
    repositories = {1: place / "recipes.git", 5: place / "kcp-lite.git"}
    for phase, sample in ((1, "recipes"), (5, "kcp-lite")):
        subprocess.run([sys.executable, TOP / "samples/create.py", sample, repositories[phase]], check=True)
    for phase in (90, 91, 92, 93, 94):
        repositories[phase] = place / "misfits.git"
    _bare(place / "misfits.git")
    plans = _plans(place, repositories)
    agents = _agents(place)
    state = place / "state"
    person = Person(place / "home")
    person.start()
    done = phaseplan(
        ["run", *map(str, plans), "--agents", str(agents), "--home", str(place / "home"), "--keep"],
        state,
        AIRFLOW__PHASEPLAN__RETRY_DELAY="1",
    )
    person.join(timeout=5)
    left = Night(place / "home", state, done.returncode, done.stdout + done.stderr, repositories)
    yield left
    if kept := left.leftovers():
        subprocess.run(["docker", "volume", "rm", *kept], check=False, capture_output=True)


class Person(threading.Thread):
    """Somebody who marks branch 94.1.1 as failed in Airflow while its agent works."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self.home = home

    def run(self) -> None:
        """Wait for the agent to run, then mark its task."""
        filters = ["--filter", "label=phaseplan.branch=94.1.1", "--filter", "label=phaseplan.role=agent"]
        task, claim = "wave_1.94-1-1_stopped", ""
        for _ in range(600):
            time.sleep(0.5)
            claim = claim or _docker("ps", *filters, "--format", '{{.Label "phaseplan.claim"}}').strip()
            if claim and self._deferred(claim.split("/")[0], task):
                break
        path = f"/dags/phase_94/dagRuns/{claim.split('/')[0]}/taskInstances/{task}"
        self._api().call("PATCH", path, {"new_state": "failed"})

    def _deferred(self, run: str, task: str) -> bool:
        return any(t.task_id == task and t.state == "deferred" for t in self._api().tasks("phase_94", run))

    def _api(self) -> Api:
        config = configparser.RawConfigParser()
        config.read(self.home / "airflow.cfg")
        password = json.loads((self.home / "passwords.json").read_text())["admin"]
        return Api(config.get("api", "base_url"), "admin", password)


def _bare(target: Path) -> None:
    work = target.with_suffix(".work")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run([*git, "init", "-q", "-b", "main", str(work)], check=True)
    (work / "README.md").write_text("misfits\n")
    subprocess.run([*git, "-C", str(work), "add", "."], check=True)
    subprocess.run([*git, "-C", str(work), "commit", "-q", "-m", "base"], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", str(work), str(target)], check=True)
    shutil.rmtree(work)


def _plans(place: Path, repositories: dict[int, Path]) -> list[Path]:
    """Copies of the plans, each with its repository in it."""
    sources = [TOP / "samples/recipes/plan.yaml", TOP / "include/plans/phase-05.yaml"]
    sources += sorted((HERE / "plans").glob("*.yaml"))
    copies = []
    for source in sources:
        text = source.read_text()
        phase = yaml.safe_load(text)["phase"]
        copies.append(place / f"plan-{phase:02d}.yaml")
        copies[-1].write_text(f"repository: {repositories[phase]}\n{text}")
    return copies


def _agents(place: Path) -> Path:
    files = [HERE / "agents.yaml", TOP / "include/agents.yaml", TOP / "samples/recipes/agents.yaml"]
    merged = place / "agents.yaml"
    merged.write_text("\n".join(file.read_text() for file in files))
    return merged
