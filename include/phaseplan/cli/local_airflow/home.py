"""Prepare the directory of a local Airflow: configuration, keys, password, database, logs."""

from __future__ import annotations

import base64
import configparser
import fcntl
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from phaseplan.cli.local_airflow import config, postgresql
from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.local_airflow.changes import can_be_marked
from phaseplan.cli.local_airflow.folders import folders
from phaseplan.cli.local_airflow.port import free_port
from phaseplan.cli.local_airflow.sqlite import count_triggers_on
from phaseplan.config import place
from phaseplan.config.whole_file import write_whole
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.repository.disk import of_error, of_git

AIRFLOW = (sys.executable, "-m", "airflow")
_OFTEN, _SELDOM = 5, 60  # seconds after which plans are read again


@dataclass(frozen=True)
class Home:
    """Hold a home that is ready to be started."""

    path: Path
    port: int
    password: str  # of user `admin`
    environment: Mapping[str, str]
    dags: Path  # folder of the DAG files
    lock: int  # descriptor that holds the home; closed with the process
    database: str  # its address, for SQLAlchemy

    @property
    def address(self) -> str:
        """Return the address of the API server and its pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> Path:
        """Return the folder of task logs and of the components' own logs, `<component>.log`."""
        return self.path / "logs"


def prepare(
    path: Path,
    *,
    phaseplan: Mapping[str, str],
    dags: Path | None = None,
    plugins: Path | None = None,
    parallelism: int = 8,
    live: bool = False,
    server: str | None = None,
) -> Home:
    """Create a home, or reuse the one that an earlier start left.

    :param phaseplan: the `[phaseplan]` section, see `config.settings`.
    :param dags, plugins: by default those of the checkout, or of the home.
    :param live: plans may change while it runs (see `changes`), and a phase that is new waits to be switched on.
    :param server: PostgreSQL server that its database is on; by default it is a file in the home.
    :raises InputFault: another process uses that home, or it cannot be a home.
    """
    path = path.resolve()
    _make_folders(path)
    lock = _lock(path)
    keys = _keys(path)
    password = keys["password"]
    write_whole(path / "passwords.json", json.dumps({"admin": password}))
    port = free_port()
    own_dags, own_plugins = folders(path)
    dags = dags or own_dags
    database = postgresql.address_on(server, path) if server else f"sqlite:///{path / 'airflow.db'}"
    content = config.sections(
        path,
        dags=dags,
        plugins=plugins or own_plugins,
        database=database,
        port=port,
        keys=keys,
        parallelism=parallelism,
        paused=live,
        parsed=_OFTEN if live and not can_be_marked(dags) else _SELDOM,
    )
    content["phaseplan"] = dict(phaseplan)
    config.write(path / "airflow.cfg", content)
    environment = config.environment(path, place.code(), content, os.environ)
    return Home(path, port, password, environment, dags, lock, database)


def _make_folders(path: Path) -> None:
    try:
        (path / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if (full := of_error(error)) is not None:
            raise full from error
        raise InputFault(f"{path} cannot be used as an Airflow home: {error.strerror}. Give another --home.") from error
    path.chmod(0o700)


def in_use(path: Path) -> bool:
    """Say whether a process holds a home."""
    try:
        descriptor = os.open(path / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def running(path: Path) -> Api | None:
    """Return a client of the Airflow that runs from a home; None if none runs, or if it does not answer yet."""
    if not in_use(path):
        return None
    parser = configparser.RawConfigParser()
    try:
        parser.read(path / "airflow.cfg")
        api = Api(parser["api"]["base_url"], "admin", str(json.loads((path / "keys.json").read_text())["password"]))
    except (OSError, ValueError, KeyError, configparser.Error):
        return None
    return api if api.health() else None


def _lock(path: Path) -> int:
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise InputFault(f"{path} is in use by another `phaseplan`. Stop that one, or give another --home.") from error
    return descriptor


def _keys(path: Path) -> dict[str, str]:
    """Return the home's keys; they are made once, so that what its database encrypts stays readable."""
    file = path / "keys.json"
    if file.exists():
        return dict(json.loads(file.read_text()))
    keys = {
        "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "secret": secrets.token_urlsafe(32),
        "jwt": secrets.token_urlsafe(64),
        "password": secrets.token_urlsafe(12),
    }
    write_whole(file, json.dumps(keys))
    return keys


def migrate(home: Home, cache: Path) -> None:
    """Bring the home's database to this Airflow's schema.

    A fresh one is copied from `cache`, where the first start leaves it: that saves 3 s of each later start.

    :raises Infrastructure: Airflow could not make its database.
    """
    database = home.path / "airflow.db"
    release = version("apache-airflow-core")
    marker = home.path / "airflow.version"
    on_server = not home.database.startswith("sqlite")
    there = not postgresql.create(home.database) if on_server else database.exists()
    if there and marker.exists() and marker.read_text() == release:
        return
    if there or on_server:
        _run_migrate(home.environment)
    else:
        template = cache / f"airflow-{release}-2.db"
        if not template.exists():
            _make_template(home, template)
        shutil.copyfile(template, database)
    marker.write_text(release)


def _make_template(home: Home, template: Path) -> None:
    template.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=template.parent) as scratch:
        database = Path(scratch, "airflow.db")
        _run_migrate({**home.environment, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database}"})
        count_triggers_on(database)
        copy = Path(scratch, "copy.db")
        with sqlite3.connect(database) as source, sqlite3.connect(copy) as target:
            source.backup(target)  # whatever is still in the write-ahead log comes along
        target.close()
        source.close()
        copy.replace(template)


def _run_migrate(environment: Mapping[str, str]) -> None:
    done = subprocess.run([*AIRFLOW, "db", "migrate"], env=environment, capture_output=True, text=True)
    if done.returncode:
        if (full := of_git(done.stdout + done.stderr, "Airflow's database")) is not None:
            raise full
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise Infrastructure(f"Airflow could not make its database (exit {done.returncode}):\n{tail}")
