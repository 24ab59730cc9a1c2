"""Logs in an object store: a deferred branch's whole story is in Airflow's UI after the disk of the worker is gone.

It installs packages and starts an Airflow, so `make soak` runs it (`PHASEPLAN_OBJECT_STORE=1`), and CI does not.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.home import migrate, prepare
from phaseplan.cli.local_airflow.supervisor import Supervisor
from phaseplan.config.settings import settings
from provision.common import TOP
from tests.end_to_end.night import git
from tests.object_store.store import Store

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.docker,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not os.environ.get("PHASEPLAN_OBJECT_STORE"), reason="make soak runs it"),
]
RUN, PHASE = "manual__stored", 84
TASKS = ("open_phase", "wave_1.84-1-1_stored", "wave_1.integrate", "close_phase")
SCRIPT = "echo the agent begins; sleep 5; mkdir -p built; echo done > built/made.txt; echo the agent ends"


@dataclass
class Night:
    """What was seen after the worker's disk was gone."""

    store: Store
    top: Path
    logs: dict[str, str]  # by task


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A phase of one branch; then all logs on disk are removed, and the API is asked for each task's."""
    top = tmp_path_factory.mktemp("store")
    store = Store(top)
    try:
        home = prepare(top / "home", phaseplan=_section(top), live=True)
        more = {**store.variables(), "PYTHONPATH": f"{home.environment['PYTHONPATH']}:{store.packages}"}
        home = replace(home, environment={**home.environment, **more})
        with Supervisor(home) as airflow:
            migrate(home, TOP / ".phaseplan/cache")
            airflow.start()
            api = Api(home.address, "admin", home.password)
            _wait(
                lambda: api.health().get("dag_processor") == "healthy" and api.has_dag("phase_84", airflow.started), 240
            )
            api.trigger("phase_84", RUN, {})
            _wait(lambda: api.run_state("phase_84", RUN) in ("success", "failed"), 300)
            assert api.run_state("phase_84", RUN) == "success"
            _wait(lambda: "s3://" in _log(api, "close_phase"), 60)  # the last one to be put there
            for folder in home.logs.glob("dag_id=*"):
                shutil.rmtree(folder)
            yield Night(store, top, {task: _log(api, task) for task in TASKS})
    finally:
        store.stop()


def _section(top: Path) -> dict[str, str]:
    """Write target, plan and profile; return Phaseplan's settings."""
    git(top, "init", "-q", "-b", "main", "work")
    git(top / "work", "commit", "-q", "--allow-empty", "-m", "Begin")
    git(top, "clone", "-q", "--bare", "work", "target.git")
    profile = {"image": "debian:bookworm-slim", "command": ["sh", "-c", SCRIPT], "timeout": 120}
    (top / "agents.yaml").write_text(yaml.safe_dump({"sh": profile}))
    branch = {"id": "84.1.1", "branch": "feature/stored", "title": "Stored", "owns": ["built/"]}
    plan = {"phase": PHASE, "title": "Logs elsewhere", "agent": "sh", "waves": [{"wave": 1, "branches": [branch]}]}
    (top / "plans").mkdir()
    (top / "plans/phase-84.yaml").write_text(yaml.safe_dump(plan))
    places = {
        "plans": top / "plans",
        "agents": top / "agents.yaml",
        "state": top / "state",
        "repository": top / "target.git",
    }
    return {**{key: str(path) for key, path in places.items()}, "docker_url": settings().docker_url}


def _log(api: Api, task: str) -> str:
    return json.dumps(api.call("GET", f"/dags/phase_84/dagRuns/{RUN}/taskInstances/{task}/logs/1"))


def _wait(what: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(1)


def test_a_deferred_branch_has_its_beginning_its_agent_and_its_end(night: Night) -> None:
    log = night.logs["wave_1.84-1-1_stored"]
    parts = ("STARTED 84.1.1", "the agent begins", "the agent ends", "COMPLETED 84.1.1")
    assert [part for part in parts if part not in log] == [], log[-6000:]


def test_every_task_that_ran_has_its_log(night: Night) -> None:
    assert [task for task in TASKS if "s3://" not in night.logs[task]] == []


def test_the_store_s_key_is_in_no_log(night: Night) -> None:
    files = [path for path in night.top.rglob("*.log") if path.is_file()]
    assert files and [path for path in files if night.store.key in path.read_text(errors="replace")] == []
    assert night.store.key not in json.dumps(night.logs)
