"""Waits in the triggerer until another phase is complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from include.phaseplan.errors import Infrastructure
from include.phaseplan.runtime.complete import Wait, look


class PhaseCompleteTrigger(BaseTrigger):
    """Fires once a phase is complete by the rule of DESIGN.md section 9.

    :param phase: the phase that is waited for.
    :param repository: the waiting plan's own repository, or None for the configured one.
    :param poll_seconds: time between two looks at the phase's ledger.
    """

    def __init__(self, *, phase: int, repository: str | None, poll_seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it untyped
        self.phase = phase
        self.repository = repository
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Path of this class and what makes it again."""
        fields = {"phase": self.phase, "repository": self.repository, "poll_seconds": self.poll_seconds}
        return f"{type(self).__module__}.{type(self).__qualname__}", fields

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, say what changed, sleep."""
        said = ""
        while True:
            wait = await self._look()
            if wait.complete:
                yield TriggerEvent({"phase": self.phase})
                return
            if wait.reason != said:
                self.log.info("%s", wait.reason)
                said = wait.reason
            await asyncio.sleep(self.poll_seconds)

    async def _look(self) -> Wait:
        """An unreachable repository is no reason to stop waiting: the sensor has its own timeout."""
        try:
            return await asyncio.to_thread(look, self.phase, self.repository)
        except Infrastructure as error:
            return Wait(False, str(error))
