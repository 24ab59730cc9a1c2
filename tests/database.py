"""Lend a test the empty Airflow database that another one has made: making one takes ten seconds of a processor."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from provision.common import TOP

#: Where tests leave it for each other; `make up` and `make demo` have theirs there as well.
CACHE = TOP / ".phaseplan" / "cache"
_FILES = "airflow-*.db"


def lend(state: Path) -> None:
    """Put it where `./phaseplan run` and `up` look before they make one; nothing if there is none yet."""
    _copy(CACHE, state / "cache")


def keep(state: Path) -> None:
    """Keep the one that a run has made, for the tests after it."""
    _copy(state / "cache", CACHE)


def _copy(source: Path, target: Path) -> None:
    for file in source.glob(_FILES):
        if not (target / file.name).exists():
            target.mkdir(parents=True, exist_ok=True)
            draft = target / f"{file.name}.{os.getpid()}"
            shutil.copyfile(file, draft)
            draft.replace(target / file.name)
