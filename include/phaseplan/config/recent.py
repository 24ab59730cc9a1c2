"""Keep what was read a moment ago, for those who ask many times a second and may be as late as that."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_AGE: ContextVar[float] = ContextVar("age", default=0.0)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let this block take values that were read at most so long ago; outside of it each is read anew."""
    token = _AGE.set(seconds)
    try:
        yield
    finally:
        _AGE.reset(token)


@dataclass
class Recent(Generic[T]):
    """Keep one value, read anew where it is too old or the environment has changed."""

    _kept: tuple[float, Any, T] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def peek(self, seconds: float) -> T | None:
        """Return the value if it was read at most so long ago, without a wait."""
        kept = self._kept
        return kept[2] if kept and time.monotonic() - kept[0] <= seconds else None

    def get(self, read: Callable[[], T]) -> T:
        """Return the value, read now unless this block is `within` some seconds."""
        age = _AGE.get()
        if age <= 0:
            return read()
        around = frozenset(item for item in os.environ.items() if item[0].startswith("AIRFLOW_"))
        with self._lock:
            if self._kept is None or self._kept[1] != around or time.monotonic() - self._kept[0] > age:
                self._kept = (time.monotonic(), around, read())
            return self._kept[2]
