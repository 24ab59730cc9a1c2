"""A trigger's number is never given to another one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow.home import migrate, prepare
from phaseplan.cli.local_airflow.sqlite import count_triggers_on
from phaseplan.errors import Bug

pytestmark = pytest.mark.airflow

INSERT = "INSERT INTO \"trigger\" (classpath, kwargs, created_date) VALUES ('a', '{}', '2026-01-01')"


def test_the_number_of_a_deleted_trigger_is_not_used_again(tmp_path: Path) -> None:
    home = prepare(tmp_path / "home", phaseplan={})
    migrate(home, tmp_path / "cache")
    with sqlite3.connect(home.path / "airflow.db") as db:
        first = db.execute(INSERT).lastrowid
        db.execute('DELETE FROM "trigger"')
        assert db.execute(INSERT).lastrowid == (first or 0) + 1
        indexes = db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'trigger'").fetchall()
    assert ("idx_trigger_team_name",) in indexes


def test_an_unknown_table_is_not_touched(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.execute('CREATE TABLE "trigger" (id TEXT)')
    with pytest.raises(Bug, match="upgraded"):
        count_triggers_on(tmp_path / "a.db")
