"""Give the local Airflow of a home a database of its own on a PostgreSQL server (setting `database_server`)."""

from __future__ import annotations

import configparser
import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from phaseplan.errors import Infrastructure, InputFault

_SCHEME = "postgresql+psycopg2"
#: How long a connection may do nothing within a transaction. A scheduler that is killed leaves workers that have
#: inherited its connections: the server would keep its locks as long as the last of them, and the next scheduler passes
#: over every run that is locked.
_LEFT = "60s"


def address_on(server: str, home: Path) -> str:
    """Return the address, for SQLAlchemy, of a home's database on a server; the same for the same home."""
    name = f"phaseplan_{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"
    return urlunsplit(urlsplit(server)._replace(scheme=_SCHEME, path=f"/{name}"))


def create(address: str) -> bool:
    """Create an empty database, and set how long what a killed process has locked stays locked.

    :return: whether there was none.
    :raises Infrastructure: the server does not let this user in, or create one.
    :raises InputFault: the driver is not installed.
    """
    with _server(address) as (connection, name):
        there = connection.exec_driver_sql("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).first()
        if not there:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        connection.exec_driver_sql(f"ALTER DATABASE \"{name}\" SET idle_in_transaction_session_timeout = '{_LEFT}'")
    return not there


def drop(home: Path) -> None:
    """Drop the database of a home, if it is on a server; open connections to it are closed."""
    parser = configparser.RawConfigParser()
    parser.read(home / "airflow.cfg")
    address = parser.get("database", "sql_alchemy_conn", fallback="").replace("%%", "%")
    if address.startswith(_SCHEME):
        with _server(address) as (connection, name):
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _server(address: str) -> Iterator[tuple[Any, str]]:
    """Connect to the server of a database; yield that and the database's name, which `address_on` has made."""
    from sqlalchemy import create_engine  # a third of a second, for who has a server only
    from sqlalchemy.exc import DBAPIError

    parts = urlsplit(address)
    try:
        engine = create_engine(urlunsplit(parts._replace(path="/postgres")), isolation_level="AUTOCOMMIT")
    except ModuleNotFoundError as error:
        raise InputFault(
            "`database_server` needs PostgreSQL's drivers. Next: pip install 'phaseplan[postgres]'"
        ) from error
    try:
        with closing(engine.connect()) as connection:
            yield connection, parts.path.removeprefix("/")
    except DBAPIError as error:
        words = " ".join(str(error.orig).split())
        raise Infrastructure(
            f"The PostgreSQL server of `database_server` refuses ({words}). Next: start it, or let this user create "
            "databases; a password belongs into ~/.pgpass"
        ) from error
    finally:
        engine.dispose()
