"""Wait until the triggerer has read what a trigger has logged.

A trigger's lines go through a socket to the process that writes them. Airflow 3.3.2 closes the trigger's file when
it hears, on another socket, that the trigger has ended: lines that are still on their way are in no file. It reads four
kilobytes between two looks at its database, so the last hundred lines of a busy log were lost.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import stat
import termios
import time
from typing import Any

_LOOKS = 0.05  # seconds between two looks
#: What is in the socket now is read by then: it holds 200 lines, whatever other triggers put behind them.
_PATIENCE = 15.0


async def arrived(log: Any) -> None:
    """Wait until what a logger has sent is read; at once where it writes into no socket."""
    until = time.monotonic() + _PATIENCE
    while (socket := _socket_of(log)) is not None and _unread(socket) and time.monotonic() < until:
        await asyncio.sleep(_LOOKS)


def _socket_of(log: Any) -> int | None:
    """Return the descriptor that a logger of structlog writes into, if it is a socket."""
    file = getattr(getattr(log.bind(), "_logger", None), "_file", None)
    try:
        descriptor = int(file.fileno()) if file is not None else -1
        return descriptor if stat.S_ISSOCK(os.fstat(descriptor).st_mode) else None
    except (AttributeError, OSError, ValueError):
        return None


def _unread(descriptor: int) -> int:
    """Return how much of what was written the other end has not read."""
    size = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.TIOCOUTQ, size)
    return size[0]
