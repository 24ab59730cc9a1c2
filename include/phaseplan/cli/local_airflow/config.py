"""Define sections and keys of a local Airflow's airflow.cfg."""

from __future__ import annotations

import configparser
import io
from collections.abc import Mapping
from pathlib import Path

from phaseplan.config.whole_file import write_whole

Sections = dict[str, dict[str, str]]
_LOOPBACK = "127.0.0.1,localhost"


#: What a killed part leaves is taken up after a minute at most; by default it hangs for five.
_PATIENCE: Sections = {
    "scheduler": {
        # Not sooner: tasks cannot say that they live while the API server starts again, which can take half of that.
        "task_instance_heartbeat_timeout": "60",
        "task_instance_heartbeat_timeout_detection_interval": "5",
        "scheduler_health_check_threshold": "20",
        "orphaned_tasks_check_interval": "10",
    },
    "triggerer": {"job_heartbeat_sec": "2", "triggerer_health_check_threshold": "15"},
}


#: Seconds that a scheduler with nothing to do sleeps: by as much dependent tasks begin later, half of it on average.
#: Each look costs what the whole wave costs: a run of fifty agents took 32 s of processor at 0.25 and 26 at 0.5, and an
#: idle scheduler a fifth of a core at 0.1; 1 is Airflow's default.
_IDLE = "0.5"


def shared(*, parallelism: int, paused: bool, parsed: int) -> Sections:
    """Return the settings of every Airflow of ours, wherever its parts run.

    :param paused: a phase that is new waits to be switched on by a person.
    :param parsed: seconds after which plan files are read again.
    """
    return {
        "core": {
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": str(parallelism),
            "max_active_tasks_per_dag": str(max(16, parallelism)),
            "dags_are_paused_at_creation": str(paused),
            "simple_auth_manager_users": "admin:admin",
        },
        "database": {"load_default_connections": "False"},
        "api": {"workers": "1", "instance_name": "Phaseplan"},
        "api_auth": {"jwt_issuer": "phaseplan"},
        **_PATIENCE,
        "scheduler": {**_PATIENCE["scheduler"], "scheduler_idle_sleep_time": _IDLE},
        # At the default of 5 s a third of the tasks that fail are recorded seconds late; patience stays the same.
        "workers": {"min_heartbeat_interval": "1", "max_failed_heartbeats": "30"},
        # The DAG file never changes when a plan does, so this is how soon a plan shows where nothing else says so.
        "dag_processor": {"min_file_process_interval": str(parsed), "refresh_interval": "30"},
    }


def merged(*parts: Sections) -> Sections:
    """Merge settings of several sources; for a key in two sources, the later one counts."""
    names = [name for part in parts for name in part]
    return {name: {key: value for part in parts for key, value in part.get(name, {}).items()} for name in names}


def sections(
    home: Path,
    dags: Path,
    plugins: Path,
    *,
    database: str,
    port: int,
    keys: Mapping[str, str],
    parallelism: int,
    paused: bool,
    parsed: int,
) -> Sections:
    """Return all settings of an Airflow in a home that differ from Airflow's defaults; the last two as in `shared`."""
    address = f"http://127.0.0.1:{port}"
    local = {
        "core": {
            "dags_folder": str(dags),
            "plugins_folder": str(plugins),
            "fernet_key": keys["fernet"],
            "simple_auth_manager_passwords_file": str(home / "passwords.json"),
            "execution_api_server_url": f"{address}/execution/",
        },
        # The home has migrated it; each component would read all of Airflow's migrations once more.
        "database": {"sql_alchemy_conn": database, "check_migrations": "False"},
        "api": {"host": "127.0.0.1", "port": str(port), "base_url": address, "secret_key": keys["secret"]},
        "api_auth": {"jwt_secret": keys["jwt"]},
        # Logs are read from the disk that all components share: no component serves them.
        "logging": {
            "base_log_folder": str(home / "logs"),
            "worker_log_server_port": "1",
            "trigger_log_server_port": "1",
        },
    }
    return merged(shared(parallelism=parallelism, paused=paused, parsed=parsed), local)


def write(path: Path, content: Sections) -> None:
    """Write an airflow.cfg that only its owner can read; it holds keys. One `%` is written `%%`."""
    parser = configparser.RawConfigParser()
    parser.read_dict({name: {k: v.replace("%", "%%") for k, v in keys.items()} for name, keys in content.items()})
    text = io.StringIO()
    parser.write(text)
    write_whole(path, text.getvalue())


def environment(home: Path, code: Path, content: Sections, base: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of every component: the caller's, without what would contradict the home's airflow.cfg.

    Nor with what an Airflow leaves in the environment of its tasks, which DAG is asked for and what kind of process it
    is: an Airflow that one of them starts would find no other DAG.
    """
    own_variables = {f"AIRFLOW__{section}__{key}".upper() for section, keys in content.items() for key in keys}
    inherited = {
        name: value
        for name, value in base.items()
        if name not in own_variables
        and not name.startswith("_AIRFLOW_")
        and (not name.startswith("AIRFLOW__") or name.startswith("AIRFLOW__PHASEPLAN__"))
    }
    # A proxy must not get between tasks and the API server on loopback.
    no_proxy = ",".join(filter(None, (base.get("NO_PROXY") or base.get("no_proxy"), _LOOPBACK)))
    return inherited | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(home / "airflow.cfg"),
        "PYTHONPATH": str(code),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }
