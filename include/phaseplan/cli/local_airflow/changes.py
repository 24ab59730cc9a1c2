"""Let the DAG processor read plans as soon as they change, which it otherwise reads once a minute.

Reading them every five seconds took an eighth of a core, day and night. It reads a DAG file at once whose time of
modification is later than its last reading; those files never change when a plan does, so they are given a new time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from phaseplan.config.plan_files import plan_files

#: Seconds after a change at which they get a new time. A reading that had begun before the first ends after it, and
#: counts for Airflow as later than the change: what it has missed is in the next.
_MARKS = (0.0, 3.0, 10.0)
_State = dict[str, tuple[int, int] | None]


def can_be_marked(dags: Path) -> bool:
    """Say whether this process may give the DAG files of a folder another time."""
    return all(os.access(file, os.W_OK) for file in dags.glob("*.py"))


class Changes:
    """Look for changes, and pass them on."""

    def __init__(
        self, dags: Path, plans: Path, files: Iterable[Path] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Remember how everything is now.

        :param dags: folder of the DAG files.
        :param plans: folder of the plan files.
        :param files: what a plan's DAG depends on besides, such as the agent profiles.
        """
        self._dags, self._plans, self._files, self._clock = dags, plans, tuple(files), clock
        self._known = self._state()
        self._due: list[float] = []

    def look(self) -> None:
        """Compare with the last look; to be called every second or so."""
        now, state = self._clock(), self._state()
        if state != self._known:
            self._known, self._due = state, [now + after for after in _MARKS]
        if self._due and self._due[0] <= now:
            self._due = [moment for moment in self._due if moment > now]
            for file in self._dags.glob("*.py"):
                with suppress(OSError):  # it is read within a minute all the same
                    os.utime(file)

    def _state(self) -> _State:
        return {str(path): _stamp(path) for path in (*plan_files(self._plans), *self._files)}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
