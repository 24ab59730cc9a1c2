"""One real Airflow under `carry_out`: a phase that ends, one that is interrupted, a scheduler that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from provision.common import TOP
from tests.processes import words_of

pytestmark = pytest.mark.airflow

DAGS = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, TaskGroup

def phase(number, command):
    with DAG(f"phase_{number:02d}", schedule=None, catchup=False):
        opened = BashOperator(task_id="open_phase", bash_command="true")
        with TaskGroup("wave_1"):
            a = BashOperator(task_id=f"{number}-a_p{number}-a", bash_command=command)
            b = BashOperator(task_id=f"{number}-b_p{number}-b", bash_command="true")
            integrate = BashOperator(task_id="integrate", bash_command="true")
        opened >> [a, b] >> integrate >> BashOperator(task_id="close_phase", bash_command="true")

phase(7, "echo hello from a")
phase(8, "trap 'touch MARK; exit 1' TERM; touch MARK.begun; sleep 600 & wait")
"""

DRIVER = """
import sys
from pathlib import Path
from phaseplan.cli.show import tables
from phaseplan.cli.local_airflow.home import prepare
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.cli.running.session import carry_out
from tests.cli.plans import plan
from tests.database import CACHE

place = Path(sys.argv[1])
home = prepare(place / "home", phaseplan={}, dags=place / "dags", plugins=place / "plugins", parallelism=4)
requests = [PhaseRequest(plan(n), place / f"{n}.yaml", str(place)) for n in (7, 8)]
carry_out(home, CACHE, requests, "run-x", statuses=lambda request: None,
          docker_url="unix:///nowhere/docker.sock", console=tables.console())
"""


@dataclass
class Story:
    """What happened, for the tests to ask about."""

    place: Path
    output: str
    exit_code: int
    components: list[int]
    left: list[int]
    stop_seconds: float


def until(path: Path, text: str, seconds: float, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + seconds
    while text not in (path.read_text() if path.exists() else ""):
        assert time.monotonic() < deadline, f"no {text!r} within {seconds} s in:\n{path.read_text()}"
        assert process.poll() is None, path.read_text()
        time.sleep(0.1)


def exists(path: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path} within {seconds} s"
        time.sleep(0.1)


def scheduler_of(driver: psutil.Process) -> psutil.Process:
    return next(p for p in driver.children() if "scheduler" in " ".join(words_of(p)))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    place = tmp_path_factory.mktemp("airflow")
    (place / "dags").mkdir()
    (place / "dags" / "lab.py").write_text(DAGS.replace("MARK", str(place / "stopped")))
    output = place / "output"
    with output.open("wb") as stream:
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(place)],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(TOP / "include")},
            start_new_session=True,
        )
    try:
        until(output, "phase 7  ended: success", 120, driver)
        until(output, "8.a Part A: running", 60, driver)
        exists(place / "stopped.begun", 60)
        scheduler_of(psutil.Process(driver.pid)).kill()
        until(output, "scheduler had died", 30, driver)
        time.sleep(3)
        family = psutil.Process(driver.pid).children(recursive=True)
        begun = time.monotonic()
        driver.send_signal(signal.SIGINT)
        code = driver.wait(60)
        seconds = time.monotonic() - begun
        leftovers = [p.pid for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        yield Story(place, output.read_text(), code, [p.pid for p in family], leftovers, seconds)
    finally:
        driver.kill()
        driver.wait()


def test_a_phase_runs_to_its_end_and_says_so(story: Story) -> None:
    assert "phase 7  7.a Part A: passed" in story.output
    assert "phase 7  wave 1 integrating" in story.output, "how it ended is in the ledger, and there is none here"
    assert "phase 7  ended: success" in story.output


def test_a_component_that_dies_is_started_again(story: Story) -> None:
    assert "Airflow's scheduler had died (exit -9) and was started again" in story.output


def test_a_task_outlives_the_scheduler(story: Story) -> None:
    before, _, _ = story.output.partition("Stopping: runs are cancelled")
    assert "8.a Part A: running" in before
    assert "8.a Part A: failed" not in before


def test_ctrl_c_ends_all_processes_in_time(story: Story) -> None:
    assert story.exit_code != 0
    assert len(story.components) >= 5  # four components and the guard at least
    assert story.left == []
    assert story.stop_seconds < 40


def test_ctrl_c_lets_tasks_stop_what_they_started(story: Story) -> None:
    assert (story.place / "stopped").exists()


def test_task_logs_are_where_the_report_points(story: Story) -> None:
    logs = story.place / "home/logs/dag_id=phase_07/run_id=run-x/task_id=wave_1.7-a_p7-a"
    (log,) = logs.glob("attempt=1.log")
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "hello from a" in events
