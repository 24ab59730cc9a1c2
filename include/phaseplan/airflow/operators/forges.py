"""Open the forge of a plan's delivery: its address and token are those of an Airflow connection."""

from __future__ import annotations

import re

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from phaseplan.attempt.secrets import SecretMissing
from phaseplan.delivery.place import Access, OpenForge, forge_of
from phaseplan.plan.delivery import Delivery


def open_forge(deliver: Delivery, remote: str) -> OpenForge:
    """Return the forge that a plan is delivered to. Airflow masks its token in logs; nothing else ever holds it.

    :raises SecretMissing: there is no such connection, or it has no token.
    :raises InputFault: its host does not say where the forge is, or which.
    """
    return forge_of(_access(deliver.connection), deliver, remote)


def _access(name: str) -> Access:
    where = f"the forge's address and token are to come from the Airflow connection `{name}`"
    try:
        connection = Connection.get(name)
    except AirflowNotFoundException:
        raise SecretMissing(f"{where}, and there is none of that name. Next: {_how(name)}") from None
    token = (connection.password or "").strip()
    if not token:
        raise SecretMissing(f"{where}, and its password is empty. Next: put the token there")
    return Access(name, _address(connection), str(connection.conn_type or ""), token)


def _address(connection: Connection) -> str:
    """Return the address that a connection holds, whose parts may stand in fields of their own."""
    host, scheme = (connection.host or "").strip(), (connection.schema or "").strip().lower()
    if not host or "://" in host:
        return host
    scheme = scheme if scheme in ("http", "https") else "https"
    port = f":{connection.port}" if connection.port and "/" not in host else ""
    return f"{scheme}://{host}{port}"


def _how(name: str) -> str:
    step = "add it in Airflow under Admin, Connections (conn type generic): as host the forge, as password the token"
    if not re.fullmatch(r"\w+", name):
        return step
    example = '{"conn_type": "generic", "host": "https://github.com", "password": "..."}'
    return f"{step}; for `phaseplan run` and `up`, set AIRFLOW_CONN_{name.upper()} to {example}"
