"""Fifty phases that wait for one, in a real Airflow: worker slots, and what the triggerer takes, idle and with them."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.place import processor, until
from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.home import migrate, prepare
from phaseplan.cli.local_airflow.supervisor import Supervisor, tail
from phaseplan.phase.open import open_phase
from phaseplan.plan import names
from phaseplan.plan.campaign import load_valid
from phaseplan.repository.remote import Remote

PHASES = 50
SPAN = 60.0  # seconds that are measured
QUIET = 75.0  # seconds before that: a wait is brisk in its first minute


def measure() -> dict[str, float]:
    """Measure one Airflow: idle first, then with all phases waiting for one whose run is under way."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _files(place)
        section = {"plans": str(place / "plans"), "agents": str(place / "agents.yaml"), "schedules": "false"}
        section |= {"state": str(place / "state"), "repository": str(place / "target.git")}
        home = prepare(place / "home", phaseplan=section, parallelism=2)
        with Supervisor(home) as supervisor:
            migrate(home, place / "cache")
            supervisor.start()
            api = Api(home.address, "admin", home.password)
            wanted = [names.dag_id(phase) for phase in range(2, PHASES + 2)]
            until(lambda: all(api.has_dag(dag, supervisor.started) for dag in wanted))
            time.sleep(10)  # what starting leaves to do
            triggerer = psutil.Process(supervisor.pids["triggerer"])
            idle = _share(triggerer)
            for dag in wanted:
                until(lambda dag=dag: api.trigger(dag, "bench", {}) is None)  # type: ignore[misc]
            until(lambda: _deferred(api) == PHASES)
            time.sleep(QUIET)
            busy, pool = _share(triggerer), api.call("GET", "/pools/default_pool")
            waiting, watched = _deferred(api), _watched(home.logs)
            if supervisor.check() or watched < PHASES:
                raise SystemExit(f"{watched} triggers spoke; the end of the log:\n{tail(supervisor.log('triggerer'))}")
    return {
        "phases that wait": float(waiting),
        "worker slots in use": float(pool["running_slots"] + pool["queued_slots"]),
        "triggerer CPU share, idle": idle,
        "triggerer CPU share, waiting": busy,
        "waiting over idle": busy / idle,
        "CPU ms a phase and minute": (busy - idle) * 60_000 / PHASES,
    }


def _deferred(api: Api) -> int:
    path = "/dags/~/dagRuns/~/taskInstances"
    return int(api.call("GET", path, state="deferred", limit=1)["total_entries"])


def _watched(logs: Path) -> int:
    """Count triggers that have logged what they wait for."""
    logged = (path.read_text(errors="replace") for path in logs.glob("dag_id=*/run_id=*/task_id=await*/*.trigger.*"))
    return sum("run under-way" in text for text in logged)


def _share(process: psutil.Process) -> float:
    """CPU time of a process and its children over wall time."""
    before, begun = processor(process), time.monotonic()
    time.sleep(SPAN)
    return (processor(process) - before) / (time.monotonic() - begun)


def _files(place: Path) -> None:
    """Write a repository in which phase 1 is open, and the plans of all."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "-q", "-b", "main", place / "work"], check=True)
    subprocess.run([*git, "-C", place / "work", "commit", "-q", "--allow-empty", "-m", "base"], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", place / "work", place / "target.git"], check=True)
    (place / "agents.yaml").write_text(json.dumps({"worker": {"image": "debian:bookworm-slim", "command": ["true"]}}))
    (place / "plans").mkdir()
    for phase in range(1, PHASES + 2):
        (place / f"plans/phase-{phase:02d}.yaml").write_text(json.dumps(_plan(phase)))
    remote = Remote(str(place / "target.git"))
    first = load_valid([place / "plans/phase-01.yaml"], place / "agents.yaml").plans[0].plan
    with remote.private(state=place / "state") as repo:
        open_phase(remote, repo, first, {}, run_id="under-way", base_name="main", start="wave")


def _plan(phase: int) -> dict[str, Any]:
    branches = [
        {"id": f"{phase}.1.{n}", "branch": f"feature/p{phase}-b{n}", "title": f"Part {n}", "owns": [f"p{phase}/{n}/"]}
        for n in range(1, 6)
    ]
    plan = {"phase": phase, "title": f"Phase {phase}", "agent": "worker", "depends_on": [1] if phase > 1 else []}
    return {**plan, "waves": [{"wave": 1, "branches": branches}]}
