"""Read command lines of processes that may end meanwhile: a zombie has none, and psutil raises for it."""

from __future__ import annotations

from contextlib import suppress

import psutil


def words_of(process: psutil.Process) -> list[str]:
    """Return the command line of a process, word by word; empty for one that is over."""
    with suppress(psutil.NoSuchProcess):  # a zombie is one of these
        return list(process.cmdline())
    return []
