"""Lend a test the empty Airflow database that another one has made, which takes ten seconds; ask one questions."""

from __future__ import annotations

import configparser
import os
import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy.exc import DBAPIError

from provision.common import TOP

#: Where tests leave it for each other; `make up` and `make demo` have theirs there as well.
CACHE = TOP / ".phaseplan" / "cache"
_FILES = "airflow-*.db"


def lend(state: Path) -> None:
    """Put it where `./phaseplan run` and `up` look before they make one; nothing if there is none yet."""
    _copy(CACHE, state / "cache")


def keep(state: Path) -> None:
    """Keep the one that a run has made, for the tests after it."""
    _copy(state / "cache", CACHE)


def _copy(source: Path, target: Path) -> None:
    for file in source.glob(_FILES):
        if not (target / file.name).exists():
            target.mkdir(parents=True, exist_ok=True)
            draft = target / f"{file.name}.{os.getpid()}"
            shutil.copyfile(file, draft)
            draft.replace(target / file.name)


def rows(home: Path, query: str, **values: object) -> list[Any]:
    """Ask the database of a local Airflow; no rows where it has no such table yet."""
    config = configparser.RawConfigParser()
    config.read(home / "airflow.cfg")
    address = config.get("database", "sql_alchemy_conn", fallback="").replace("%%", "%")
    if not address or (address.startswith("sqlite") and not (home / "airflow.db").exists()):
        return []
    if address.startswith("sqlite"):
        address = f"sqlite:///file:{home / 'airflow.db'}?mode=ro&uri=true"
    engine = sqlalchemy.create_engine(address)
    try:
        with closing(engine.connect()) as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(query), values)]
    except DBAPIError as error:
        if "no such table" in str(error) or "does not exist" in str(error):
            return []
        raise
    finally:
        engine.dispose()


def seconds(moment: Any) -> float:
    """Convert a time of a row: SQLite gives text without a zone."""
    given = moment if isinstance(moment, datetime) else datetime.fromisoformat(f"{moment}+00:00")
    return given.timestamp()
