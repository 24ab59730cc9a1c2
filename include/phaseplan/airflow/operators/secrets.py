"""Read the secrets of agent profiles from Airflow connections, and check them before anything is paid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from airflow.configuration import conf
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from phaseplan.attempt.secrets import BadConnection, SecretMissing
from phaseplan.config.settings import settings
from phaseplan.containers.gateways.way_out import WayOut, way_out_of
from phaseplan.plan import model_connection
from phaseplan.plan.agents import PASSWORD, AgentProfile, SecretSource
from phaseplan.plan.model_connection import ModelConnection, client_arguments


def secrets(profile: AgentProfile) -> dict[str, str]:
    """Read a profile's secrets by variable. Airflow masks what it hands out; agent output is redacted on top.

    :raises SecretMissing: a connection, or the field of it that is asked for, is not there or empty.
    """
    return {variable: _value(variable, source) for variable, source in profile.sources.items()}


def completed(profile: AgentProfile) -> AgentProfile:
    """Return a profile with endpoint and model of the connection of its key, where it does not say them itself.

    :raises SecretMissing: there is no such connection.
    :raises BadConnection: it is of a model that the profile's agent cannot ask.
    """
    return _whole(profile)[0]


def check_secrets(profiles: Mapping[str, AgentProfile]) -> list[str]:
    """Look whether every secret of some profiles, by name, has a value, and every model an address.

    :return: sentences that say what comes from which connection besides its secret.
    :raises SecretMissing: one has none; the message names profile, variable and connection, and how to make it.
    :raises BadConnection: see `completed`.
    """
    sentences = []
    for name, profile in sorted(profiles.items()):
        try:
            secrets(profile)
            whole, connection = _whole(profile)
        except (SecretMissing, BadConnection) as error:
            raise type(error)(f"agent profile {name}: {error}") from error
        sentences.append(model_connection.origin(name, profile, whole, connection))
    return list(filter(None, sentences))


def _whole(profile: AgentProfile) -> tuple[AgentProfile, ModelConnection | None]:
    source = profile.model_source
    if source is None:
        return profile, None
    connection = _connection(
        source, f"the key of {profile.use} is to come from the Airflow connection `{source.connection}`"
    )
    named = None
    if (kind := str(connection.conn_type or "").replace("-", "_")) in model_connection.TYPES:
        named = ModelConnection(source.connection, kind, (connection.host or "").strip(), _extra(connection))
    try:
        return model_connection.completed(profile, named), named
    except ValueError as error:
        next_step = "Next: mend it in Airflow under Admin, Connections, or name `endpoint` and `model` in the profile"
        raise BadConnection(f"the Airflow connection `{source.connection}` does not do: {error}. {next_step}") from None


def shared_key() -> str:
    """Return Airflow's keys for connections, which workers and triggerer share; empty if there is none here."""
    return str(conf.get("core", "fernet_key", fallback="") or "")


def way_out() -> WayOut:
    """Return how gateways and agents reach the outside, by the settings and the connection of the proxy's login.

    :raises SecretMissing: there is no such connection, or it has no login.
    :raises InputFault: the file of certificates is none.
    """
    configured = settings()
    if not (configured.proxy and configured.proxy_login):
        return way_out_of(configured)
    where = f"the proxy's login is to come from the Airflow connection `{configured.proxy_login}` (`proxy_login`)"
    connection = _connection(SecretSource.model_construct(connection=configured.proxy_login), where)
    if not connection.login:
        raise SecretMissing(f"{where}, and that has no login. Next: fill it in, in Airflow under Admin, Connections")
    return way_out_of(configured, f"{connection.login}:{connection.password or ''}")


def readable(references: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Read values to hide in a log, by reference (`SecretSource.reference`); those that are gone are left out."""
    values = {}
    for _, reference in references:
        source = SecretSource.parse(reference)
        with suppress(AirflowNotFoundException):
            values[reference] = field_of(Connection.get(source.connection), source)
    return values


def field_of(connection: Any, source: SecretSource) -> str:
    """Return the value of one field of a connection; empty if there is none."""
    value: Any = _extra(connection)
    if source.field == PASSWORD:  # which Airflow's hooks of models also read from the extra
        given = client_arguments(str(connection.conn_type), value).get("api_key")
        return connection.password or (given if isinstance(given, str) else "")
    for key in source.keys:
        value = value.get(key) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _extra(connection: Any) -> dict[str, Any]:
    """Return a connection's extra; empty if it is no JSON object."""
    try:
        value = connection.extra_dejson
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _value(variable: str, source: SecretSource) -> str:
    where = f"variable {variable} is to get {source.field} of the Airflow connection `{source.connection}`"
    value = field_of(_connection(source, where), source)
    if not value:
        raise SecretMissing(f"{where}, and that is empty. Next: fill it in, in Airflow under Admin, Connections")
    return value


def _connection(source: SecretSource, where: str) -> Any:
    try:
        return Connection.get(source.connection)
    except AirflowNotFoundException:
        raise SecretMissing(f"{where}, and there is none of that name. Next: {_how(source)}") from None


def _how(source: SecretSource) -> str:
    """Say how the connection is made."""
    step = "add it in Airflow under Admin, Connections, or with `airflow connections add`"
    if not re.fullmatch(r"\w+", source.connection):
        return f"{step} (conn type generic)"
    example = '{"conn_type": "generic", "password": "..."}'
    if source.field != PASSWORD:
        example = '{"conn_type": "generic", "extra": {...}}'
    variable = f"AIRFLOW_CONN_{source.connection.upper()}"
    return f"{step} (conn type generic); for `phaseplan run` and `up`, set {variable} to {example}"
