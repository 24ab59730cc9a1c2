"""A PostgreSQL server for a session of tests, from the distribution: `PHASEPLAN_TESTS_DATABASE=postgresql`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phaseplan.config.settings import PREFIX
from provision.common import install

SETTING = f"{PREFIX}DATABASE_SERVER"
_OWNER = "nobody"  # the server refuses to be root


@contextmanager
def chosen_database() -> Iterator[str]:
    """Have the Airflows of tests use the database that the environment asks for; yield its kind."""
    kind = os.environ.get("PHASEPLAN_TESTS_DATABASE", "sqlite")
    assert kind in ("sqlite", "postgresql"), f"PHASEPLAN_TESTS_DATABASE={kind}: sqlite or postgresql"
    if kind == "sqlite":
        yield kind
        return
    with serving() as address:
        os.environ[SETTING] = address
        try:
            yield kind
        finally:
            del os.environ[SETTING]


@contextmanager
def serving() -> Iterator[str]:
    """Serve on a socket in a folder that only its owner and root may enter, so that it asks for no password."""
    folder = Path(tempfile.mkdtemp(prefix="phaseplan-postgresql-"))
    programs = _programs()
    become = ["setpriv", f"--reuid={_OWNER}", "--clear-groups", "--"] if os.geteuid() == 0 else []
    if become:
        shutil.chown(folder, _OWNER)
    data, log = folder / "data", folder / "server.log"
    make = [programs / "initdb", "-D", data, "-U", "airflow", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    # What is lost with the machine is lost with the test.
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c max_connections=300"
    try:
        subprocess.run([*become, *make], check=True, capture_output=True, cwd=folder)
        start = [programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"]
        subprocess.run([*become, *start], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        try:
            yield f"postgresql://airflow@/?host={folder}"
        finally:
            stop = [programs / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop"]
            subprocess.run([*become, *stop], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Find the newest server that the distribution has installed."""
    if not (found := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        install("postgresql", why="no PostgreSQL here")
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent
