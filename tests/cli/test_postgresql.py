"""The database of a home on a PostgreSQL server: addresses, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from phaseplan.cli.local_airflow import postgresql
from phaseplan.cli.local_airflow.home import prepare
from phaseplan.config.settings import PREFIX, settings
from phaseplan.errors import Infrastructure, InputFault
from tests.postgresql import serving

SERVER = "postgresql://airflow@127.0.0.1:1"


def test_each_home_has_a_database_of_its_own(tmp_path: Path) -> None:
    first, other = (prepare(tmp_path / name, phaseplan={}, server=SERVER).database for name in ("a", "b"))
    assert first != other and first.startswith("postgresql+psycopg2://airflow@127.0.0.1:1/phaseplan_")
    assert first in (tmp_path / "a/airflow.cfg").read_text()
    assert postgresql.address_on("postgresql://me@/?host=/run/sockets", tmp_path).endswith("?host=/run/sockets")


def test_a_server_that_does_not_answer_is_named_with_the_next_step(tmp_path: Path) -> None:
    home = prepare(tmp_path, phaseplan={}, server=SERVER)
    with pytest.raises(Infrastructure, match=r"`database_server` refuses \(.*refused.*\). Next: start it"):
        postgresql.create(home.database)
    with pytest.raises(Infrastructure):
        postgresql.drop(tmp_path)


def test_a_home_with_its_own_file_has_nothing_to_drop_on_a_server(tmp_path: Path) -> None:
    assert prepare(tmp_path, phaseplan={}).database == f"sqlite:///{tmp_path / 'airflow.db'}"
    postgresql.drop(tmp_path)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("mysql://airflow@h", "must be an address like postgresql://"),
        ("postgresql://airflow@h/mine", "without a database's name"),
        ("postgresql://airflow:hunter2@h", r"must hold no password, which belongs into ~/.pgpass"),
    ],
)
def test_an_address_that_cannot_be_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, value: str, words: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}DATABASE_SERVER", value)
    with pytest.raises(InputFault, match=words) as caught:
        settings()
    assert "hunter2" not in str(caught.value)


#: A scheduler that locks a run, begins a worker, and is killed.
_KILLED = """
import os, signal, sys, time
import psycopg2
connection = psycopg2.connect(sys.argv[1])
connection.cursor().execute("SELECT * FROM run FOR UPDATE")
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(600)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_scheduler_has_locked_is_free_soon_although_its_workers_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_LEFT", "2s")
    with serving() as server:
        address = postgresql.address_on(server, tmp_path)
        assert postgresql.create(address) and not postgresql.create(address)
        place = address.replace("+psycopg2", "")
        with psycopg2.connect(place) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE run (id int)")
            cursor.execute("INSERT INTO run VALUES (1)")
        command = [sys.executable, "-c", _KILLED, place]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as scheduler:
            assert scheduler.stdout is not None and scheduler.stdin is not None
            worker = psutil.Process(int(scheduler.stdout.readline()))
            assert _unlocked(place) == []
            scheduler.stdin.close()
            scheduler.wait()
            until = time.monotonic() + 30
            while not (found := _unlocked(place)) and time.monotonic() < until:
                time.sleep(0.2)
            assert worker.is_running() and found == [(1,)]
            worker.kill()


def _unlocked(place: str) -> list[tuple[int, ...]]:
    """The runs that the next scheduler sees."""
    with psycopg2.connect(place) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM run FOR UPDATE SKIP LOCKED")
        return list(cursor.fetchall())
