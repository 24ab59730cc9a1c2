"""Count the agents on an engine, so that no more begin there than it has room for.

The engine itself is asked, not a ledger: agents of every phase, repository and Airflow that uses it count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import docker
import docker.errors

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.containers.labels import filters
from phaseplan.errors import Infrastructure
from phaseplan.plan.engines import EngineEntry

_ALIVE = ["created", "running", "paused", "restarting"]  # what is about to run counts, too


@dataclass(frozen=True)
class Need:
    """Hold what one agent takes of an engine, by its profile."""

    cpus: float
    memory: int


class EngineFull(Infrastructure):
    """No engine that fits has room for an agent now. Nothing is wrong: others have to end first.

    :param engines: names of those that are waited for.
    :param need: what the agent needs.
    """

    def __init__(self, message: str, engines: Sequence[str], need: Need) -> None:
        super().__init__(message)
        self.engines = tuple(engines)
        self.need = need


@dataclass(frozen=True, order=True)
class Held:
    """Describe what one agent holds of its engine, ordered by when the engine made it."""

    created: str
    id: str
    cpus: float = 0.0
    memory: int = 0


def held(client: docker.DockerClient) -> list[Held]:
    """List the agents that are alive on an engine, the oldest first."""
    with engine_errors():
        wanted = {"label": filters(role="agent"), "status": _ALIVE}
        found = []
        for listed in client.api.containers(all=True, filters=wanted):
            try:
                data = client.api.inspect_container(listed["Id"])
            except docker.errors.NotFound:
                continue
            limits = data["HostConfig"]
            cpus, memory = (limits.get("NanoCpus") or 0) / 1e9, int(limits.get("Memory") or 0)
            found.append(Held(_stamp(data["Created"]), data["Id"], cpus, memory))
    return sorted(found)


def _stamp(created: str) -> str:
    """Return a time as the engine writes it, with all nine digits, so that it sorts as text."""
    seconds, _, rest = created.removesuffix("Z").partition(".")
    return f"{seconds}.{rest:0<9}"


def room(entry: EngineEntry, others: Sequence[Held], need: Need) -> int:
    """Return how many more such agents an engine takes beside these."""
    free = [entry.agents - len(others)]
    if entry.cpus is not None:
        free.append(int((entry.cpus - sum(other.cpus for other in others)) / need.cpus + 1e-9))
    if entry.memory is not None:
        free.append((entry.memory - sum(other.memory for other in others)) // need.memory)
    return max(0, min(free))


def has_place(entry: EngineEntry, every: Sequence[Held], own: str, need: Need) -> bool:
    """Say whether a container that is made already is among those for which there is room.

    Two workers may have seen the same room: whichever container the engine made later gives way, and all processes
    agree which one that is, because each looks after its own container was made.
    """
    before = []
    for other in every:
        if other.id == own:
            break
        before.append(other)
    return room(entry, before, need) > 0
