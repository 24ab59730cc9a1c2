"""`phaseplan reintegrate` beside an Airflow that is up: it Clears there and starts nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow.api import Api, ApiError
from phaseplan.cli.local_airflow.home import migrate, prepare, running
from phaseplan.cli.local_airflow.supervisor import Supervisor
from phaseplan.cli.main import main
from phaseplan.ledger.records import State, changed
from tests.cli.test_airflow import DAGS
from tests.cli.test_reintegrate import book, left_by, repository
from tests.database import CACHE

__all__ = ["repository"]
pytestmark = pytest.mark.airflow
DAG = "phase_07"


def ended(api: Api, seconds: float = 120) -> str:
    """Return how the run ended."""
    deadline = time.monotonic() + seconds
    while (state := api.run_state(DAG, "run-1")) not in ("success", "failed"):
        assert time.monotonic() < deadline, [(t.task_id, t.state) for t in api.tasks(DAG, "run-1")]
        time.sleep(0.3)
    return state


def triggered(api: Api, supervisor: Supervisor) -> None:
    """Start the run as soon as the DAG is there."""
    deadline = time.monotonic() + 180
    while not (api.health() and api.has_dag(DAG, supervisor.started)):
        assert time.monotonic() < deadline, "the DAG never appeared"
        supervisor.check()
        time.sleep(0.3)
    api.trigger(DAG, "run-1", {})


def test_the_branch_and_all_that_follows_runs_again_in_its_own_run(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left_by(repository, book(a=State.ISOLATED, b=State.INTEGRATED), tmp_path / "state")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "lab.py").write_text(DAGS.replace("MARK", str(tmp_path / "stopped")))
    where = tmp_path / "home"
    assert running(where) is None
    home = prepare(where, phaseplan={}, dags=tmp_path / "dags", plugins=tmp_path / "plugins", parallelism=4)
    with Supervisor(home) as supervisor:
        migrate(home, CACHE)
        supervisor.start()
        api = Api(home.address, "admin", home.password)
        triggered(api, supervisor)
        assert ended(api) == "success"
        ask = ["reintegrate", "7", "7.a", "--repository", str(repository), "--home", str(where)]

        assert main(ask) == 0
        output = capsys.readouterr().out
        assert "Cleared 3 tasks of phase_07, run run-1" in output
        assert f"{home.address}/dags/phase_07/runs/run-1" in output
        assert ended(api) == "success"
        tries = {task.task_id: task.tries for task in api.tasks(DAG, "run-1")}
        assert tries == {
            "open_phase": 1,
            "wave_1.7-a_p7-a": 2,
            "wave_1.7-b_p7-b": 1,
            "wave_1.integrate": 2,
            "close_phase": 2,
        }

        kept = book(closed=False, a=State.ISOLATED)
        left_by(repository, changed(kept, run=changed(kept.run, id="another")), tmp_path / "state")
        assert main(ask) == 1, "a run that this Airflow does not know is not its to Clear"
        assert "held by run another" in capsys.readouterr().err
        with pytest.raises(ApiError):
            api.newest_run("phase_99")
