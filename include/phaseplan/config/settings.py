"""Read the settings of this installation: AIRFLOW__PHASEPLAN__<KEY>, then `[phaseplan]` of airflow.cfg.

The model below is all there is: docs/settings.md is made from it.
"""

from __future__ import annotations

import json
import os
import re
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from phaseplan.config import place
from phaseplan.config.airflow_cfg import SECTION, AirflowCfg
from phaseplan.config.recent import Recent
from phaseplan.errors import InputFault
from phaseplan.plan.address import fault
from phaseplan.plan.model import Start

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LOGIN = re.compile(r"//[^/]*@")  # in an address, whose password no message says
PREFIX = "AIRFLOW__PHASEPLAN__"


def _size(value: object) -> object:
    """Convert a size such as 500m or 5g to bytes; anything else is left for pydantic to refuse."""
    text = str(value).strip().lower()
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "")
    if not number.isdecimal():
        raise ValueError("must be a size such as 500m or 5g")
    return int(number) * _UNITS.get(unit, 1)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name.strip()).key
    except (ValueError, OSError, KeyError) as error:  # KeyError: no zone of this name
        raise ValueError("must be a name like Europe/Berlin") from error


def _proxy(address: str) -> str:
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be an address like http://proxy.example.org:3128")
    if "@" in parts.netloc:
        raise ValueError("must hold no login, which belongs into the connection that `proxy_login` names")
    return address.strip()


def _server(address: str) -> str:
    parts = urlsplit(address.strip())
    if parts.scheme != "postgresql" or parts.path.strip("/"):
        raise ValueError("must be an address like postgresql://airflow@db.example.org, without a database's name")
    if parts.password:
        raise ValueError("must hold no password, which belongs into ~/.pgpass")
    return address.strip()


def _whole(value: object) -> object:
    text = str(value).strip()
    if not text.isdecimal() or int(text) < 1:
        raise ValueError("must be a whole number above 0")
    return int(text)


def _bare(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _engine() -> str:
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


Bytes = Annotated[int, BeforeValidator(_size)]
Count = Annotated[int, BeforeValidator(_whole)]
Server = Annotated[str, AfterValidator(_server)]
Proxy = Annotated[str, AfterValidator(_proxy)]
Switch = Annotated[bool, BeforeValidator(_bare)]


class Settings(BaseSettings):
    """Hold where things are and how operators behave. Units: seconds, bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    repository: str | None = Field(
        default=None, description="URL or path of the target repository of plans that name none; else the last run's"
    )
    repository_override: str | None = Field(
        default=None,
        description="URL of the target repository, whatever plans say; `./phaseplan run --repository` sets it",
    )
    docker_url: str = Field(
        default_factory=_engine,
        description="address of the Docker engine that runs agents and gates; with `engines` the gates of waves",
    )
    plans: Path = Field(default_factory=partial(place.of, "plans"), description="folder of the plan files")
    agents: Path = Field(default_factory=partial(place.of, "agents.yaml"), description="file of agent profiles")
    notifiers: Path | None = Field(
        default_factory=partial(place.existing, "notifiers.yaml"),
        description="file of notifiers; none: no notification is sent",
    )
    approvers: Path | None = Field(
        default_factory=partial(place.existing, "approvers.yaml"),
        description="file of roles that plans name under `approve`; none: those are ids of Airflow users",
    )
    engines: Path | None = Field(
        default_factory=partial(place.existing, "engines.yaml"),
        description="file of the engines that agents are spread over; none: they are on that of `docker_url`",
    )
    state: Path = Field(
        default_factory=place.state,
        description="folder of mirrors of the logs and caches of repositories; it may be deleted at any time",
    )
    database_server: Server | None = Field(
        default=None,
        description="PostgreSQL server on which the Airflow of `run` and `up` has a database for each home; none: "
        "SQLite in the home",
    )
    deferrable: Switch = Field(default=True, description="wait for agents in the triggerer, not in a worker slot")
    collector_image: str = Field(
        default="phaseplan/collector:2", description="image that brings work back out of containers"
    )
    gateway_image: str = Field(
        default="phaseplan/gateway:1", description="image of what stands between agents and their models"
    )
    ca_bundle: Path | None = Field(
        default=None,
        description="file of certificates (PEM) that gateways and agents trust beside the public ones",
    )
    proxy: Proxy | None = Field(
        default=None,
        description="address of the HTTP proxy through which gateways reach providers and hosts of `egress`; no login",
    )
    proxy_login: str | None = Field(
        default=None, description="Airflow connection whose login and password the proxy asks for"
    )
    no_proxy: str | None = Field(
        default=None, description="hosts, domains and networks, with commas, that gateways reach without the proxy"
    )
    start: Start | None = Field(default=None, description="overrides every plan's `start`")
    schedules: Switch = Field(default=True, description="false: phases start only by hand, whatever plans say")
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="IANA zone in which crons are read"
    )
    retry_delay: float = Field(
        default=10,
        ge=0,
        allow_inf_nan=False,
        description="seconds before the first retry after trouble with infrastructure",
    )
    engine_absence: float = Field(
        default=600,
        ge=0,
        allow_inf_nan=False,
        description="seconds after an agent's time limit after which its attempt is closed as unfinished, if it is on "
        "an engine that no worker has asked meanwhile",
    )
    gate_runs: Count = Field(
        default=60, description="how often one `integrate` may gate while it looks for what is red"
    )
    lock_age: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="seconds after which a lock that a killed git left in a local target is removed",
    )
    transcript_runs: Count = Field(
        default=20,
        description="how many runs of a phase the target keeps what agents said of; what those of integrated work said "
        "stays",
    )
    cache_size: Bytes = Field(
        default=5 << 30,
        description="bytes of all caches of repositories together, such as 500m or 5g; one in use stays",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment first, then airflow.cfg; no `.env` file, which compose uses for other purposes."""
        return (init_settings, env_settings, AirflowCfg(settings_cls))


_RECENT: Recent[Settings] = Recent()  # one reading costs as much as some pages


def settings() -> Settings:
    """Read the settings in force.

    :raises InputFault: a key has a value that it cannot have; the message names both and the source.
    """
    return _RECENT.get(_read)


def _read() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise InputFault(_sentence(str(first["loc"][0]), str(first["msg"]), first["input"])) from error


def _sentence(key: str, why: str, value: object) -> str:
    requirement = why.removeprefix("Value error, ").replace("Input should be", "must be")
    variable = f"{PREFIX}{key.upper()}"
    where = f" (from {variable})" if os.environ.get(variable) else ""
    shown = _LOGIN.sub("//***@", str(value))
    return f"`{key}` in section [{SECTION}] {requirement[:1].lower()}{requirement[1:]}, not {shown!r}{where}"


def notifiers_file() -> Path | None:
    """Return the file of notifiers, for verbs; a task only logs that it cannot read it, and goes on.

    :raises InputFault: there is no such file.
    """
    path = settings().notifiers
    if path is not None and not path.is_file():
        raise InputFault(_sentence("notifiers", "must be a file that exists", path))
    return path


def cache_size() -> int:
    """Return the bytes that the caches of repositories may have all together."""
    return settings().cache_size


def last_run_file() -> Path:
    """Return the file in which `run` records what it works on."""
    return settings().state / "last-run.json"


def last_repository() -> str | None:
    """Return the repository that `./phaseplan run` last worked on; all other sources come before it."""
    try:
        return str(json.loads(last_run_file().read_text())["repository"])
    except (OSError, ValueError, KeyError):
        return None


def repository_for(plan_repository: str | None, *, given: str | None = None) -> str:
    """Return the URL of the target repository: command line, plan, configuration, last run.

    :param given: by the user on this command line; tasks find what was given to `run` as `repository_override`.
    :raises InputFault: no source names one, or git would run a program for it.
    """
    configured = settings()
    url = given or configured.repository_override or plan_repository or configured.repository or last_repository()
    if not url:
        raise InputFault(
            "No target repository is named. Give --repository URL, or set `repository:` in the plan, "
            "AIRFLOW__PHASEPLAN__REPOSITORY, or `repository` in section [phaseplan] of airflow.cfg."
        )
    if (why := fault(url)) is not None:
        raise InputFault(f"The address of the target repository {why}: name a path, https://, ssh:// or user@host:.")
    return url
