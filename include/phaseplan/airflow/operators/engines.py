"""Open the engines of the engines file, with certificates and keys out of Airflow connections."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from docker import DockerClient

from phaseplan.attempt.secrets import SecretMissing
from phaseplan.config.engines import engines
from phaseplan.containers.engines.address import Keys, open_engine
from phaseplan.containers.engines.fleet import Fleet
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.plan.engines import EngineEntry


def fleet(own: DockerClient | None) -> Fleet:
    """Return all engines that may be asked from here.

    :param own: the engine of the setting `docker_url`; None: it is not looked at.
    :raises Infrastructure: the engines file has an error, which a person mends while tasks try again.
    """
    try:
        return Fleet(engines(), own, opened)
    except InputFault as error:
        raise Infrastructure(str(error)) from error


def opened(entry: EngineEntry) -> DockerClient:
    """Open an engine that has an address.

    :raises EngineUnreachable: it does not answer.
    :raises SecretMissing, InputFault: its connection is not there, or holds nothing that can be used.
    """
    return open_engine(str(entry.url), keys(entry))


def keys(entry: EngineEntry) -> Keys | None:
    """Read what an engine asks for: key (the connection's password), certificate and authority (in its extra)."""
    if entry.connection is None:
        return None
    try:
        connection = Connection.get(entry.connection)
    except AirflowNotFoundException:
        raise SecretMissing(
            f"the certificate of engine {entry.url} is to come from the Airflow connection `{entry.connection}`, and "
            "there is none of that name. Next: add it in Airflow under Admin, Connections (conn type generic)"
        ) from None
    return keys_of(connection, entry)


def keys_of(connection: Any, entry: EngineEntry) -> Keys:
    """Read them from a connection.

    :raises SecretMissing: one of them is empty.
    """
    try:
        extra = connection.extra_dejson
    except ValueError:
        extra = {}
    values = {"authority": extra.get("authority"), "certificate": extra.get("certificate"), "key": connection.password}
    if missing := [name for name, value in values.items() if not value]:
        where = {"key": "the password", "authority": "extra.authority", "certificate": "extra.certificate"}
        raise SecretMissing(
            f"the Airflow connection `{entry.connection}` of engine {entry.url} has no {' and no '.join(missing)}. "
            f"Next: write it (PEM) into {' and '.join(where[name] for name in missing)}"
        )
    found = Keys(**{name: str(value) for name, value in values.items()})
    try:
        found.context()
    except InputFault as error:
        raise InputFault(f"the Airflow connection `{entry.connection}` of engine {entry.url}: {error}") from error
    return found
