"""Configuration, read once: AIRFLOW__PHASEPLAN__<KEY>, then `[phaseplan]` of airflow.cfg. No airflow import."""

from __future__ import annotations

import configparser
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from include.phaseplan.errors import InputFault
from include.phaseplan.plan.address import fault

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
TOP = Path(__file__).resolve().parents[3]  # the checkout


@dataclass(frozen=True)
class Settings:
    """Where things are and how operators behave."""

    repository: str | None
    docker_url: str
    plans: Path
    agents: Path
    notifiers: Path | None  # None: nobody can be told
    state: Path  # mirrors of status and blockers logs, caches of the repository; never truth
    deferrable: bool
    collector_image: str
    start: str | None  # overrides every plan's `start`
    schedules: bool  # False: DAGs compile without a schedule
    timezone: str  # IANA name; plans' crons are read in it
    retry_delay: float  # seconds before the first retry of an infrastructure failure
    gate_runs: int = 60  # how often one `integrate` may gate while it looks for culprits


def option(key: str) -> str | None:
    """One setting of the `[phaseplan]` section, or None."""
    if (value := os.environ.get(f"AIRFLOW__PHASEPLAN__{key.upper()}")) is not None:
        return value
    return _file().get("phaseplan", key, fallback=None)


@lru_cache(maxsize=1)
def _file() -> configparser.RawConfigParser:
    home = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
    parser = configparser.RawConfigParser(strict=False)
    parser.read(os.environ.get("AIRFLOW_CONFIG", home / "airflow.cfg"))
    return parser


def settings() -> Settings:
    """The settings in force."""
    return Settings(
        repository=option("repository") or _last_repository(),
        docker_url=option("docker_url") or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock",
        plans=Path(option("plans") or TOP / "include" / "plans"),
        agents=Path(option("agents") or TOP / "include" / "agents.yaml"),
        notifiers=_notifiers(),
        state=_state(),
        deferrable=_true(option("deferrable") or "true"),
        collector_image=option("collector_image") or "phaseplan/collector:2",
        start=option("start"),
        schedules=_true(option("schedules") or "true"),
        timezone=_timezone(option("timezone") or "UTC"),
        retry_delay=float(option("retry_delay") or 10),
        gate_runs=_count("gate_runs", 60),
    )


def cache_size() -> int:
    """Bytes that the caches of repositories may have all together: `cache_size`, for example 500m or 5g.

    :raises InputFault: the setting is no size.
    """
    text = (option("cache_size") or "5g").strip().lower()
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "")
    if not number.isdecimal():
        raise InputFault(f"`cache_size` in section [phaseplan] must be a size such as 500m or 5g, not {text!r}")
    return int(number) * _UNITS.get(unit, 1)


def last_run_file() -> Path:
    """Where `run` writes down what it works on."""
    return _state() / "last-run.json"


def _state() -> Path:
    return Path(option("state") or TOP / ".phaseplan")


def _notifiers() -> Path | None:
    """The operator's notifiers; a checkout without the file has none, a setting that names no file is an error."""
    if (given := option("notifiers")) is not None:
        return Path(given)
    default = TOP / "include" / "notifiers.yaml"
    return default if default.exists() else None


def _count(key: str, default: int) -> int:
    """A whole number above 0.

    :raises InputFault: it is something else.
    """
    text = (option(key) or str(default)).strip()
    if not text.isdecimal() or int(text) < 1:
        raise InputFault(f"`{key}` in section [phaseplan] must be a whole number above 0, not {text!r}")
    return int(text)


def _timezone(name: str) -> str:
    """A time zone that there is.

    :raises InputFault: there is none of that name.
    """
    try:
        return ZoneInfo(name.strip()).key
    except (ValueError, OSError) as error:
        said = f"`timezone` in section [phaseplan] must be a name like Europe/Berlin, not {name!r}"
        raise InputFault(said) from error


def _true(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "yes", "on", "t"}


def _last_repository() -> str | None:
    """The repository `./phaseplan run` last worked on; the last place that is asked."""
    try:
        return str(json.loads(last_run_file().read_text())["repository"])
    except (OSError, ValueError, KeyError):
        return None


def repository_for(plan_repository: str | None, *, given: str | None = None) -> str:
    """URL of the target repository: command line, plan, configuration, last run (DESIGN.md section 11).

    :param given: by the user on this command line; tasks find what was given to `run` as `repository_override`.
    :raises InputFault: nobody named one, or git would run a program for it.
    """
    url = given or option("repository_override") or plan_repository or settings().repository
    if not url:
        raise InputFault(
            "No target repository is named. Give --repository URL, or set `repository:` in the plan, "
            "AIRFLOW__PHASEPLAN__REPOSITORY, or `repository` in section [phaseplan] of airflow.cfg."
        )
    if (why := fault(url)) is not None:
        raise InputFault(f"The address of the target repository {why}: name a path, https://, ssh:// or user@host:.")
    return url
