"""Watch the disk that a run works on: while it is full, the run waits instead of ending."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

LEAST = 4 << 20  # bytes with which an Airflow can just go on


class Room:
    """Watch whether the disk of a home has room, and report each change once.

    :param again: called when there is room again.
    """

    def __init__(self, path: Path, note: Callable[[str], None], again: Callable[[], None]) -> None:
        self._path, self._note, self._again = path, note, again
        self._full = False

    def full(self) -> bool:
        """Measure the free space now."""
        try:
            free = shutil.disk_usage(self._path).free
        except OSError:
            return self._full
        if (free < LEAST) != self._full:
            self._full = not self._full
            self._note(
                f"No space is left on the disk of {self._path}: the run waits. Free some space there; nothing is lost."
                if self._full
                else f"There is space on the disk of {self._path} again: Airflow is started again, the run goes on."
            )
            if not self._full:
                self._again()
        return self._full
