"""Define the engines that agents may be on, as the operator configures them; a profile says which of them it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.base import Model
from phaseplan.plan.kinds import Memory, Positive, Real


def _url(value: str) -> str:
    parts = urlsplit(value)
    if (parts.hostname or "").startswith("-") or (parts.username or "").startswith("-"):
        raise ValueError("invalid address: write a host and a user that do not begin with -")
    fine = {
        "unix": parts.path.startswith("/") and not parts.netloc,
        "ssh": bool(parts.hostname) and not parts.path.strip("/"),
        "tcp": bool(parts.hostname) and parts.port is not None and not parts.path.strip("/"),
    }
    if not fine.get(parts.scheme):
        raise ValueError("invalid address: write unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host")
    if parts.password is not None:
        raise ValueError("a password in the address: an engine asks for none; keys belong into `connection`")
    return value


def _queue(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,200}", value):
        raise ValueError(f"invalid queue {value[:60]!r}: write letters, digits, - . and _, for example gpu-workers")
    return value


class EngineEntry(Model):
    """Describe engines that agents may be on: one at an address, or those of the workers of a queue.

    :param agents: how many may be alive at once on each engine.
    :param cpus: of all agents together, by their profiles; None: not counted. So is memory.
    :param connection: Airflow connection with certificate, key and authority of a tcp engine.
    """

    url: Annotated[str, AfterValidator(_url)] | None = None
    queue: Annotated[str, AfterValidator(_queue)] | None = None
    agents: Positive
    cpus: Real | None = Field(default=None, gt=0, allow_inf_nan=False)
    memory: Memory | None = None
    labels: tuple[str, ...] = ()
    connection: str | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> EngineEntry:
        if (self.url is None) == (self.queue is None):
            raise ValueError(
                "an engine has a url, or the queue of the workers whose own engine it is: write one of both"
            )
        if self.connection and not (self.url or "").startswith("tcp://"):
            raise ValueError("connection without a tcp url: write one of tcp://, or take the connection out")
        return self


Engines = Mapping[str, EngineEntry]


def fitting(engines: Engines, profile: AgentProfile) -> dict[str, EngineEntry]:
    """Return the engines that agents of a profile may be on: those with an address, else that of one queue.

    :raises ValueError: there is none, or several queues would do and a task has one.
    """
    fit = {
        name: entry
        for name, entry in engines.items()
        if profile.engine in (None, name) and set(profile.needs) <= set(entry.labels)
    }
    if not fit:
        asked = f"engine {profile.engine}" if profile.engine else f"needs [{', '.join(profile.needs)}]"
        raise ValueError(f"no engine fits {asked}: the engines file has {', '.join(engines)}")
    reached = {name: entry for name, entry in fit.items() if entry.url}
    if not reached and len(fit) > 1:
        raise ValueError(f"engines {' and '.join(fit)} fit, each with a queue, and a task has one: write engine: NAME")
    return reached or fit


def queue_of(engines: Engines, profile: AgentProfile) -> str | None:
    """Return the queue of a profile's tasks; None: Airflow's default one. What fits nothing is reported elsewhere."""
    try:
        return next(iter(fitting(engines, profile).values())).queue if engines else None
    except ValueError:
        return None
