"""What a service of the stack removes of its logs (images/airflow/remove-old-logs)."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from provision.common import TOP

DAY = 86400


def written(home: Path, name: str, days: float) -> Path:
    """A log that was last written some days ago, in a folder as old."""
    file = home / "logs" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a line\n")
    for path in (file, file.parent):
        os.utime(path, (time.time() - days * DAY,) * 2)
    return file


def removed(home: Path, days: str) -> None:
    """Carry out the program as the entrypoint does."""
    program = TOP / "images/airflow/remove-old-logs"
    env = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(home), "PHASEPLAN_LOG_DAYS": days}
    subprocess.run(["sh", str(program)], env=env, check=True)


def test_logs_are_removed_by_their_age_and_nothing_else_is(tmp_path: Path) -> None:
    old, fresh = written(tmp_path, "dag_id=a/run_id=1/x.log", 31), written(tmp_path, "dag_id=a/run_id=2/x.log", 29)
    beside = tmp_path / "airflow.db"
    beside.write_text("")
    os.utime(beside, (0, 0))
    removed(tmp_path, "30")
    assert not old.exists() and fresh.exists() and beside.exists()
    empty = old.parent
    os.utime(empty, (time.time() - 3 * DAY,) * 2)
    removed(tmp_path, "30")
    assert not empty.exists() and fresh.exists()


def test_zero_days_and_a_service_without_logs_remove_nothing(tmp_path: Path) -> None:
    removed(tmp_path / "none", "30")
    old = written(tmp_path, "dag_id=a/x.log", 400)
    removed(tmp_path, "0")
    assert old.exists()
