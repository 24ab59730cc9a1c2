"""Agent profiles: which image and command builds a branch, and within which limits."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from include.phaseplan.plan.model import Model
from include.phaseplan.plan.spans import Seconds

_SIZE = re.compile(r"([0-9]+)([kmg])b?", re.IGNORECASE)
_FACTOR = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _size(value: Any) -> Any:
    if isinstance(value, int):
        return value
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"invalid size {value!r}: write <number><k|m|g>, for example 500m or 2g")
    return int(match[1]) * _FACTOR[match[2].lower()]


def _uid(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,10}:[0-9]{1,10}", value) or int(value.split(":")[0]) == 0:
        raise ValueError(f"invalid user {value!r}: write uid:gid in numbers, and never root")
    return value


def _word(value: str) -> str:
    if not value or any(c.isspace() for c in value):
        raise ValueError(f"invalid name {value!r}: write one word, for example debian:12 or bridge")
    return value


def _network(value: str) -> str:
    if value == "host" or value.startswith("container:"):
        raise ValueError(
            f"network {value!r} would let an agent into somebody else's network: write none, bridge or a name"
        )
    return _word(value)


Size = Annotated[int, BeforeValidator(_size)]


class AgentProfile(Model):
    """One way to run an agent. Secrets are names of Airflow connections, never values."""

    image: Annotated[str, AfterValidator(_word)]
    command: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    secrets: dict[str, str] = {}  # variable -> Airflow connection id, whose password it gets
    network: Annotated[str, AfterValidator(_network)] = "none"  # `none`, `bridge`, or the name of a Docker network
    cpus: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    memory: Size = 2 << 30  # bytes
    pids: int = Field(default=512, gt=0)
    timeout: Seconds = 7200
    user: Annotated[str, AfterValidator(_uid)] = "1000:1000"
    max_output: Size = 500 << 20  # bytes that may come back, unpacked
    disk: Size = 10 << 30  # bytes it may write to the engine's disk: workspace and everything else

    @property
    def uid(self) -> int:
        """The numeric user the container runs as."""
        return int(self.user.split(":")[0])

    @property
    def gid(self) -> int:
        """The numeric group the container runs as."""
        return int(self.user.split(":")[1])
