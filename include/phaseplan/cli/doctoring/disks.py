"""Look at the room on disks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from phaseplan.cli.doctoring.lines import Line, broken, ok
from phaseplan.config.settings import PREFIX, settings

_LEAST = 1 << 30  # bytes: one checkout, its copy and what a collector brings back are mostly below
_UNIT = 1 << 30


def disks() -> Iterator[Line]:
    """Look at the folder of state and at the folder of temporary files."""
    state = settings().state
    try:
        state.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=state):
            pass
    except OSError as error:
        step = f"make it writable for the user of tasks and triggers, or set {PREFIX}STATE"
        yield broken("disk", f"{state} cannot be written: {error.strerror}", step)
    else:
        yield from room("state", state)
    yield from room("temporary files", Path(tempfile.gettempdir()))


def room(whose: str, folder: Path) -> Iterator[Line]:
    """Say how much is free where a folder is."""
    try:
        free, inodes = shutil.disk_usage(folder).free, os.statvfs(folder)
    except OSError as error:
        yield broken("disk", f"{whose}: {folder} cannot be looked at: {error.strerror}", "look at its permissions")
        return
    words = f"{whose}: {free / _UNIT:.1f} GiB free in {folder}"
    if free < _LEAST:
        yield broken("disk", words, "free space, or move it: a run stops when it is full, and goes on afterwards")
    elif inodes.f_files and inodes.f_favail < 10_000:
        yield broken("disk", f"{whose}: {inodes.f_favail} files may still be made in {folder}", "remove files there")
    else:
        yield ok("disk", words)
