"""Hand lines on once a second, for all triggers of a process at the same moment.

Whatever a trigger logs wakes Airflow's triggerer, which then asks its database several times (`run_once`, Airflow
3.3.2): lines that many agents print one by one would keep it busy with that alone.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

_EVERY = 1.0  # seconds
_AT_ONCE = 100  # lines; others of the process wait meanwhile


class Bursts:
    """Keep lines until the next whole second of the event loop's clock, which is the same for all of them.

    :param say: takes one line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lines = deque[str]()
        self._due: asyncio.Handle | None = None

    def add(self, line: str) -> None:
        """Keep a line; in a running event loop."""
        self._lines.append(line)
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at((math.floor(loop.time() / _EVERY) + 1) * _EVERY, self._some)

    def _some(self) -> None:
        self._due = None
        self._hand_on(_AT_ONCE)
        if self._lines:
            self._due = asyncio.get_running_loop().call_soon(self._some)

    def flush(self) -> None:
        """Hand on at once what is left."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._hand_on(len(self._lines))

    def _hand_on(self, count: int) -> None:
        for _ in range(min(count, len(self._lines))):
            self._say(self._lines.popleft())
