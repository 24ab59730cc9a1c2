"""Wait in the triggerer until another phase is complete, or cannot become so by itself."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from phaseplan.errors import Infrastructure, PhaseplanError
from phaseplan.report.standing import Standing, Wait
from phaseplan.report.watching import WATCH

BRISK, WHILE = 2.0, 60.0  # seconds between two looks, so long after something has changed
SAY_AGAIN = 600.0  # seconds without a word
ABSENT = 300.0  # seconds that a plan file may be missing or wrong: somebody is writing it


class PhaseCompleteTrigger(BaseTrigger):
    """Fire when a phase is complete by the rule of docs/design/complete.md, has failed, or has no plan any more.

    What it fires is a hint: the task looks itself before it goes on.

    :param phase: the phase that is waited for.
    :param repository: the waiting plan's own repository, or None for the configured one.
    :param poll_seconds: time between two looks of a long wait.
    :param until: when the task gives up, ISO 8601; handed back with the event.
    """

    def __init__(self, *, phase: int, repository: str | None, poll_seconds: float, until: str) -> None:
        super().__init__()
        self.phase = phase
        self.repository = repository
        self.poll_seconds = poll_seconds
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of this class and the arguments that make it again."""
        fields: dict[str, Any] = {"phase": self.phase, "repository": self.repository}
        fields |= {"poll_seconds": self.poll_seconds, "until": self.until}
        return f"{type(self).__module__}.{type(self).__qualname__}", fields

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, say what changed, sleep."""
        logged, logged_at, changed_at, begun = "", 0.0, time.monotonic(), time.monotonic()
        present = time.monotonic()
        while True:
            pause = BRISK if time.monotonic() - changed_at < WHILE else self.poll_seconds
            wait = await self._look(0.9 * pause)
            now = time.monotonic()
            present = now if wait is None or wait.standing is not Standing.ABSENT else present
            if wait is None or _decided(wait, now - present):
                yield TriggerEvent({"phase": self.phase, "until": self.until, "saw": wait and wait.standing})
                return
            if wait.reason != logged:
                logged, logged_at, changed_at = wait.reason, now, now
                self.log.info("%s", wait.reason)
            elif now - logged_at > SAY_AGAIN:
                logged_at = now
                self.log.info("Still, after %.0f minutes: %s", (now - begun) / 60, wait.reason)
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))

    async def _look(self, max_age: float) -> Wait | None:
        """Look at the phase; wait on for an unreachable repository, return None for a fault that the task reports."""
        try:
            return await asyncio.to_thread(WATCH.look, self.phase, self.repository, max_age=max_age)
        except Infrastructure as error:
            reason = f"Waiting for phase {self.phase}; it cannot be looked at, which is tried again: {error}"
            return Wait(self.phase, Standing.WAITING, reason)
        except PhaseplanError:
            return None


def _decided(wait: Wait, absent: float) -> bool:
    if wait.standing is Standing.ABSENT:
        return absent > ABSENT
    return wait.standing in (Standing.COMPLETE, Standing.FAILED)
