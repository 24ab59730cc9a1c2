"""Read the secrets of agent profiles from Airflow connections, and check them before anything is paid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from phaseplan.attempt.secrets import SecretMissing
from phaseplan.plan.agents import PASSWORD, AgentProfile, SecretSource


def secrets(profile: AgentProfile) -> dict[str, str]:
    """Read a profile's secrets by variable. Airflow masks what it hands out; agent output is redacted on top.

    :raises SecretMissing: a connection, or the field of it that is asked for, is not there or empty.
    """
    return {variable: _value(variable, source) for variable, source in profile.sources.items()}


def check_secrets(profiles: Mapping[str, AgentProfile]) -> None:
    """Look whether every secret of some profiles, by name, has a value.

    :raises SecretMissing: one has none; the message names profile, variable and connection, and how to make it.
    """
    for name, profile in sorted(profiles.items()):
        try:
            secrets(profile)
        except SecretMissing as error:
            raise SecretMissing(f"agent profile {name}: {error}") from error


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
    if source.field == PASSWORD:
        return connection.password or ""
    try:
        value: Any = connection.extra_dejson
    except ValueError:  # its extra is no JSON
        return ""
    for key in source.keys:
        value = value.get(key) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _value(variable: str, source: SecretSource) -> str:
    where = f"variable {variable} is to get {source.field} of the Airflow connection `{source.connection}`"
    try:
        value = field_of(Connection.get(source.connection), source)
    except AirflowNotFoundException:
        raise SecretMissing(f"{where}, and there is none of that name. Next: {_how(source)}") from None
    if not value:
        raise SecretMissing(f"{where}, and that is empty. Next: fill it in, in Airflow under Admin, Connections")
    return value


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
