"""How long a person waits for Airflow, and how that is done without a page."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 240_000.0  # milliseconds until a run must have got where a person waits for it


def comes(what: Callable[[], bool], why: str, seconds: float = PATIENCE / 1000) -> None:
    """Wait until something is so, or fail with what is not."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.3)
