"""What becomes of a run whose opening or whose sensor fails: skipped integrates, a red run, nothing built."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from phaseplan.cli.local_airflow.home import migrate, prepare
from provision.common import TOP
from tests.database import CACHE

pytestmark = pytest.mark.airflow

_RUN = """
import json, sys
from pathlib import Path
from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.plan.campaign import load_valid
plans = Path(sys.argv[1])
campaign = load_valid(sorted(plans.glob("*.yaml")), plans / "agents.yml")
for loaded in campaign.plans:
    dag = compile_plan(loaded.plan, Options(profiles=campaign.profiles, pools=False, retry_delay=0.1))
    for task in dag.tasks:
        task.retries = 0
    run = dag.test()
    tasks = {t.task_id: str(t.state) for t in run.get_task_instances()}
    print("RESULT " + json.dumps({"phase": loaded.plan.phase, "run": str(run.state), "tasks": tasks}))
"""

_PLAN = """
phase: {phase}
title: Never opens
repository: /nowhere/at/all.git
depends_on: {needs}
attempts: 1
agent: a
waves:
  - wave: 1
    branches: [{{id: "{phase}.1.1", branch: feature/{phase}a, title: A, owns: [a/]}}]
  - wave: 2
    branches: [{{id: "{phase}.2.1", branch: feature/{phase}b, title: B, owns: [b/]}}]
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """Both phases in one process, over one database: what became of run and tasks."""
    folder = tmp_path_factory.mktemp("rules")
    plans = folder / "plans"
    plans.mkdir()
    (plans / "one.yaml").write_text(_PLAN.format(phase=1, needs="[]"))
    (plans / "two.yaml").write_text(_PLAN.format(phase=2, needs="[9]"))  # which has no plan
    (plans / "agents.yml").write_text('a: {image: "x:1", command: [agent]}\n')
    section = {"plans": str(plans), "agents": str(plans / "agents.yml"), "state": str(folder / "state")}
    home = prepare(folder / "home", phaseplan=section)
    migrate(home, CACHE)
    out = subprocess.run(
        [sys.executable, "-c", _RUN, str(plans)],
        cwd=TOP,
        env=dict(home.environment),
        capture_output=True,
        text=True,
    )
    found = [json.loads(line[len("RESULT ") :]) for line in out.stdout.splitlines() if line.startswith("RESULT ")]
    assert len(found) == 2, (out.stdout + out.stderr)[-4000:]
    return {result["phase"]: result for result in found}


def test_a_failed_opening_skips_the_integrates_and_the_run_is_red(runs: dict[int, dict[str, Any]]) -> None:
    result = runs[1]
    tasks = result["tasks"]
    assert result["run"] == "failed"
    assert tasks["open_phase"] == "failed"
    assert tasks["close_phase"] == "failed"
    quiet = {t: s for t, s in tasks.items() if t not in ("open_phase", "close_phase", "start_by_dependencies")}
    assert quiet.pop("wave_2.start") in ("upstream_failed", "skipped")
    assert set(quiet.values()) == {"skipped"}, tasks


def test_a_failed_sensor_skips_the_integrates_and_the_run_is_red(runs: dict[int, dict[str, Any]]) -> None:
    result = runs[2]
    tasks = result["tasks"]
    assert result["run"] == "failed"
    assert tasks["await_phase_09"] == "failed"
    assert tasks["open_phase"] == "upstream_failed"
    assert tasks["close_phase"] == "failed"
    assert {tasks["wave_1.integrate"], tasks["wave_2.integrate"]} == {"skipped"}
