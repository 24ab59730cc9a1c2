"""`gc` and Airflow's task logs: old ones of phases go, those of other DAGs are not ours."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from phaseplan.cli.housekeeping.logs import folder, logs

_DAY = 86400


def run(place: Path, dag: str, name: str, days: int) -> Path:
    """The logs of a run whose newest file is so many days old."""
    made = place / f"dag_id={dag}" / f"run_id={name}"
    task = made / "task_id=open_phase"
    task.mkdir(parents=True)
    (task / "attempt=1.log").write_text("x" * 100)
    when = time.time() - days * _DAY
    for path in (task / "attempt=1.log", task, made):
        os.utime(path, (when, when))
    return made


def test_old_logs_of_phases_go_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))
    old = run(tmp_path, "phase_05", "manual__1", 40)
    stays = [
        run(tmp_path, "phase_05", "manual__2", 20),
        run(tmp_path, "phase_team", "a", 40),
        run(tmp_path, "etl", "a", 40),
    ]
    active = run(tmp_path, "phase_05", "manual__3", 40)
    (active / "task_id=open_phase/attempt=2.log").write_text("now")
    (found,) = logs(datetime.now(UTC) - timedelta(days=30))
    assert (found.kind, found.name, found.size) == ("log", "manual__1 of phase_05", 100)
    assert found.free() and not old.exists()
    assert all(each.exists() for each in (*stays, active))


def test_the_folder_is_the_one_that_airflow_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", raising=False)
    monkeypatch.delenv("AIRFLOW_CONFIG", raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert folder() == tmp_path / "logs"
    (tmp_path / "airflow.cfg").write_text(f"[core]\nx = %Y\n[logging]\nbase_log_folder = {tmp_path}/elsewhere\n")
    assert folder() == tmp_path / "elsewhere"
