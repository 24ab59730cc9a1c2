"""Reach the engines of the engines file from one process, and tell which of them is which."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from docker import DockerClient

from phaseplan.containers.engine_errors import EngineUnreachable
from phaseplan.containers.engines.address import open_engine
from phaseplan.containers.identity import Engine, engine_of
from phaseplan.plan.engines import EngineEntry

_REMEMBERED = 30.0  # seconds for which an engine that did not answer is not asked again: a step asks often
Opener = Callable[[EngineEntry], DockerClient]


@dataclass(frozen=True)
class Place:
    """Hold one engine that answers.

    :param name: in the engines file; empty: it is the worker's own, at `docker_url`.
    """

    name: str
    client: DockerClient
    engine: Engine

    def __str__(self) -> str:
        return f"{self.name} on {self.engine}" if self.name else str(self.engine)


def _without_keys(entry: EngineEntry) -> DockerClient:
    return open_engine(str(entry.url), None)


@dataclass(frozen=True)
class Fleet:
    """Hold the engines that a process may ask beside its own; a client is made once.

    :param entries: of the engines file; empty: there is none, and every agent is on the worker's own engine.
    :param own: the worker's own engine, as a client.
    :param opener: opens one that has an address.
    """

    entries: Mapping[str, EngineEntry] = field(default_factory=dict)
    own: DockerClient | None = None
    opener: Opener = _without_keys
    _open: dict[str, Place] = field(default_factory=dict, init=False, compare=False, repr=False)
    _silent: dict[str, tuple[float, str]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def named(self, name: str) -> str:
        """Return the name of an engine that is reached by its address; empty where it is the worker's own."""
        entry = self.entries.get(name)
        return name if entry and entry.url else ""

    def place(self, name: str) -> Place:
        """Return an engine by its name; one with a queue, and none, are the worker's own.

        :raises EngineUnreachable: it does not answer, or did not within the last half minute.
        """
        entry = self.entries.get(name)
        when, words = self._silent.get(name, (float("-inf"), ""))
        if time.monotonic() - when < _REMEMBERED:
            raise EngineUnreachable(words)
        if name not in self._open:
            address = entry.url if entry else None
            try:
                client = self.opener(entry) if entry and address else self.own
                assert client is not None, "a fleet of addresses only has no own engine"
                self._open[name] = Place(name, client, engine_of(client))
            except EngineUnreachable as error:
                where = f"engine {name} ({address}) " if address else ""
                self._silent[name] = (time.monotonic(), f"{where}{error}")
                raise EngineUnreachable(f"{where}{error}") from error
        return self._open[name]

    def places(self, say: Callable[[str], None] = lambda _: None) -> Iterator[Place]:
        """Yield every engine that answers, none twice: those of the file by their names, then the worker's own.

        :param say: told of those that do not answer.
        """
        seen: set[str] = set()
        for name in [*(name for name, entry in self.entries.items() if entry.url), *([""] if self.own else [])]:
            try:
                place = self.place(name)
            except EngineUnreachable as error:
                say(f"Left out: {error}")
                continue
            if place.engine.id not in seen or not place.engine.id:
                seen.add(place.engine.id)
                yield place

    def by_id(self, say: Callable[[str], None] = lambda _: None) -> dict[str, Place]:
        """Return the engines that answer by their ids; none without an engines file."""
        return {place.engine.id: place for place in self.places(say)} if self.entries else {}

    def close(self) -> None:
        """Close the clients that were made here; the worker's own is its maker's."""
        for place in self._open.values():
            if place.client is not self.own:
                with suppress(Exception):
                    place.client.close()


NO_FLEET = Fleet()  # of an installation without an engines file
