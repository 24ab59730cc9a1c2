"""Wait in the triggerer until an engine has room for an agent; no try of a task is used up."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from phaseplan.airflow.triggers.engine_address import EngineAddress
from phaseplan.config.engines import engines
from phaseplan.containers.engines.room import Held, Need, held, room
from phaseplan.errors import PhaseplanError

LOOKS, BLIND = 5.0, 60.0  # seconds between two looks; until a task looks itself where the triggerer cannot
APART = 4.0  # seconds between two tasks that are let go for one engine: an agent is made and counted in less


class RoomTrigger(BaseTrigger):
    """Fire when one of some engines has fewer agents than it may have, for one waiting task after the other.

    It is a hint: the task counts again, before and after it makes its container.

    :param engines: names in the engines file.
    :param cpus: that the agent needs.
    :param memory: the same, in bytes.
    """

    _let_go: dict[str, float] = {}  # by engine, of all triggers of this process

    def __init__(self, *, engines: tuple[str, ...], cpus: float, memory: int) -> None:
        super().__init__()
        self.engines = tuple(engines)
        self.cpus = cpus
        self.memory = memory

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of this class and the arguments that make it again."""
        fields: dict[str, Any] = {"engines": self.engines, "cpus": self.cpus, "memory": self.memory}
        return f"{type(self).__module__}.{type(self).__qualname__}", fields

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is room."""
        begun = time.monotonic()
        while True:
            await asyncio.sleep(LOOKS * random.uniform(0.8, 1.2))
            seen = 0
            for name in self.engines:
                count = await self._count(name)
                seen += count is not None
                if count and time.monotonic() - self._let_go.get(name, 0.0) > APART:
                    self._let_go[name] = time.monotonic()
                    yield TriggerEvent({"engine": name})
                    return
            if not seen and time.monotonic() - begun > BLIND:
                yield TriggerEvent({"engine": ""})
                return

    async def _count(self, name: str) -> int | None:
        """Count the agents that an engine may still have; None: the triggerer cannot see."""
        address = EngineAddress("", name)
        try:
            entry = engines().get(name)
            if entry is None or not await address.resolve(self.log.debug):
                return None
            return room(entry, await asyncio.to_thread(self._held, address), Need(self.cpus, self.memory))
        except PhaseplanError as error:
            self.log.debug("%s", error)
            return None

    @staticmethod
    def _held(address: EngineAddress) -> list[Held]:
        with closing(address.connect()) as client:
            return held(client)
