"""The wheel in an Airflow of a team beside its own bundle: the recipes are built to the end, over its REST API."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow.api import ApiError
from tests.install.running import RunningAirflow

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(900)]
RUN = "by-rest"


@pytest.fixture(scope="module")
def airflow(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    """A team's Airflow in which phase 1 and the team's own DAG have run."""
    made = RunningAirflow(installed, tmp_path_factory.mktemp("running"))
    made.prepare()
    made.start()
    try:
        for dag in ("phase_01", "team_dag"):
            until(lambda dag=dag: made.api.trigger(dag, RUN, {}) or True, 180, f"{dag} is known")  # type: ignore[misc]
        for dag in ("team_dag", "phase_01"):
            until(lambda dag=dag: made.api.run_state(dag, RUN) in ("success", "failed"), 300, f"{dag} ends")  # type: ignore[misc]
        yield made
    finally:
        made.stop()


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    """Ask until the answer is true; an API that is not up yet, or knows no such DAG, is asked again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if what():
                return
        except ApiError as error:
            assert error.status in (0, 404, 500, 503), error
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {why}"
        time.sleep(1)


def test_the_recipes_are_built_to_the_end(airflow: RunningAirflow) -> None:
    assert airflow.api.run_state("phase_01", RUN) == "success"
    status = json.loads(airflow.phaseplan("status", "1", "--json"))
    assert status["complete"] is True and len(status["branches"]) == 5
    tree = ["git", "-C", str(airflow.target), "ls-tree", "-r", "--name-only", "integration/phase-1"]
    assert "recipes/scale.py" in subprocess.run(tree, check=True, capture_output=True, text=True).stdout.split()


def test_the_team_s_bundle_is_as_it_was(airflow: RunningAirflow) -> None:
    assert airflow.api.run_state("team_dag", RUN) == "success"
    plugins = {each["name"] for each in airflow.api.call("GET", "/plugins")["plugins"]}
    assert {"team", "phaseplan"} <= plugins
    assert airflow.api.call("GET", "/importErrors")["import_errors"] == []


def test_doctor_finds_nothing_wrong_while_it_runs(airflow: RunningAirflow) -> None:
    lines = json.loads(airflow.phaseplan("doctor", "--json", codes=(0, 1, 2)))
    assert [line for line in lines if line["state"] == "wrong"] == []
    assert {"logs", "DAGs", "engine", "repository", "plugin"} <= {
        each["area"] for each in lines if each["state"] == "ok"
    }
