"""Look whether the API server can show the logs of tasks that ran here."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

from phaseplan.cli.doctoring.lines import Line, broken, not_seen, ok

_AREA = "logs"
_TIMEOUT = 3.0  # seconds


def logs() -> Iterator[Line]:
    """Look at the folder of logs, and at the way from here to the API server."""
    from airflow.configuration import conf

    folder = Path(conf.get("logging", "base_log_folder"))
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        yield broken(_AREA, f"{folder} cannot be written", "make it writable for the user that Airflow runs as")
    if conf.getboolean("logging", "remote_logging", fallback=False):
        where = conf.get("logging", "remote_base_log_folder", fallback="")
        if where:
            yield ok(_AREA, f"are written to {where.rpartition('@')[2]}, where the API server reads them")
        else:
            step = "set [logging] remote_base_log_folder"
            yield broken(_AREA, "remote_logging is on, and no remote_base_log_folder is set", step)
        return
    yield from _served(folder)
    yield from _shared_secret()


def _served(folder: Path) -> Iterator[Line]:
    """Look whether this machine answers under the name that it writes down for its tasks."""
    from airflow.configuration import conf
    from airflow.utils.net import get_hostname

    name, port = get_hostname(), conf.getint("logging", "worker_log_server_port")
    try:
        with socket.create_connection((name, port), timeout=_TIMEOUT):
            pass
    except socket.gaierror:
        step = "set [core] hostname_callable to a name or address that the API server can reach"
        yield broken(_AREA, f"the name of this machine, {name}, has no address", step)
    except OSError:
        words = f"in {folder}; nobody serves them at {name}:{port}"
        step = "fine where the API server has the same folder; else run worker or scheduler without --skip-serve-logs"
        yield not_seen(_AREA, words, step)
    else:
        yield ok(_AREA, f"in {folder}, served at {name}:{port}")


def _shared_secret() -> Iterator[Line]:
    """Look whether the keys that components trust each other by are set, and not made up by each for itself."""
    from airflow.configuration import conf

    values = conf.as_dict(display_source=True, display_sensitive=True)  # of which only the sources are looked at
    wanted = (("api", "secret_key"), ("api_auth", "jwt_secret"))
    made_up = [f"[{section}] {key}" for section, key in wanted if values[section][key][1] == "default"]
    if made_up:
        step = "set the same value in every component"
        yield broken(_AREA, f"{' and '.join(made_up)} not set: each component makes up its own", step)
