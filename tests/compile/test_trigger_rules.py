"""What becomes of a run whose opening or whose sensor fails: skipped integrates, a red run, nothing built."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow.home import migrate, prepare
from provision.common import TOP

pytestmark = pytest.mark.airflow

_RUN = """
import json, sys
from pathlib import Path
from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.plan.campaign import load_valid
plans, phase = Path(sys.argv[1]), int(sys.argv[2])
campaign = load_valid(sorted(plans.glob("*.yaml")), plans / "agents.yml")
plan = next(p.plan for p in campaign.plans if p.plan.phase == phase)
dag = compile_plan(plan, Options(profiles=campaign.profiles, pools=False, retry_delay=0.1))
for task in dag.tasks:
    task.retries = 0
run = dag.test()
tasks = {t.task_id: str(t.state) for t in run.get_task_instances()}
print("RESULT " + json.dumps({"run": str(run.state), "tasks": tasks}))
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
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    plans = folder / "plans"
    plans.mkdir()
    (plans / "one.yaml").write_text(_PLAN.format(phase=1, needs="[]"))
    (plans / "two.yaml").write_text(_PLAN.format(phase=2, needs="[9]"))  # which has no plan
    (plans / "agents.yml").write_text('a: {image: "x:1", command: [agent]}\n')
    return folder


def _run(place: Path, phase: int) -> dict[str, object]:
    section = {"plans": str(place / "plans"), "agents": str(place / "plans/agents.yml"), "state": str(place / "state")}
    home = prepare(place / f"home-{phase}", phaseplan=section)
    migrate(home, place / "cache")
    out = subprocess.run(
        [sys.executable, "-c", _RUN, str(place / "plans"), str(phase)],
        cwd=TOP,
        env=dict(home.environment),
        capture_output=True,
        text=True,
    )
    found = [line for line in out.stdout.splitlines() if line.startswith("RESULT ")]
    assert found, (out.stdout + out.stderr)[-4000:]
    return dict(json.loads(found[0].removeprefix("RESULT ")))


def test_a_failed_opening_skips_the_integrates_and_the_run_is_red(place: Path) -> None:
    result = _run(place, 1)
    tasks = result["tasks"]
    assert result["run"] == "failed"
    assert tasks["open_phase"] == "failed"
    assert tasks["close_phase"] == "failed"
    quiet = {t: s for t, s in tasks.items() if t not in ("open_phase", "close_phase", "start_by_dependencies")}
    assert quiet.pop("wave_2.start") in ("upstream_failed", "skipped")
    assert set(quiet.values()) == {"skipped"}, tasks


def test_a_failed_sensor_skips_the_integrates_and_the_run_is_red(place: Path) -> None:
    result = _run(place, 2)
    tasks = result["tasks"]
    assert result["run"] == "failed"
    assert tasks["await_phase_09"] == "failed"
    assert tasks["open_phase"] == "upstream_failed"
    assert tasks["close_phase"] == "failed"
    assert {tasks["wave_1.integrate"], tasks["wave_2.integrate"]} == {"skipped"}
