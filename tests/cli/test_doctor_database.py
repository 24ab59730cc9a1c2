"""`phaseplan doctor database` over a real PostgreSQL server: what a killed scheduler has locked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from phaseplan.cli.local_airflow import postgresql
from tests.postgresql import serving

_WORDS = (sys.executable, "-m", "phaseplan.cli.main", "doctor", "--json", "database")


def _said(home: Path, address: str, executor: str = "LocalExecutor") -> tuple[str, str]:
    """The state and the step of the only line."""
    own = {"AIRFLOW_HOME": str(home), "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address}
    own |= {"AIRFLOW__CORE__EXECUTOR": executor}
    done = subprocess.run(_WORDS, env=os.environ | own, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = json.loads(done.stdout)
    return line["state"], line["step"]


def test_locks_that_a_killed_scheduler_leaves_are_named_until_the_server_ends_them(tmp_path: Path) -> None:
    with serving() as server:
        address = postgresql.address_on(server, tmp_path)
        assert postgresql.create(address)
        _run(address, "RESET idle_in_transaction_session_timeout")
        state, step = _said(tmp_path, address)
        assert state == "advice" and step.startswith("ALTER DATABASE")
        assert _said(tmp_path, address, "CeleryExecutor") == ("ok", ""), "its workers inherit no connection"
        _run(address, step.split(" ", 3)[3].split(";")[0])
        assert _said(tmp_path, address) == ("ok", ""), "the step is one that can be carried out"
    assert _said(tmp_path, address)[0] == "not seen"


def _run(address: str, words: str) -> None:
    """Change a setting of a database, which counts for connections from now on."""
    with postgresql._server(address) as (connection, name):
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" {words}')
