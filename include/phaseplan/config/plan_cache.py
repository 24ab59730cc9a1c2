"""Keep the campaign's plan files parsed, and parse them again only after a change."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import Settings, settings
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan

_Stamp = tuple[tuple[str, int, int], ...]


def plan_file(phase: int) -> PhasePlan | None:
    """Return the valid plan of a phase; None if no file describes it, or not without errors."""
    return FILES.plans(settings()).get(phase)


@dataclass
class PlanFiles:
    """Hold all valid plans by phase; a file is parsed again when its time or size changes."""

    _stamp: _Stamp = ()
    _plans: dict[int, PhasePlan] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plans(self, configured: Settings) -> dict[int, PhasePlan]:
        """Return the valid plans of the configured folder; of two plans of one phase neither counts."""
        with self._lock:
            files = plan_files(configured.plans)
            stamp = tuple(_of(file) for file in [*files, configured.agents])
            if stamp != self._stamp:
                loaded = load_valid(files, configured.agents).plans
                self._plans, self._stamp = {entry.plan.phase: entry.plan for entry in loaded}, stamp
            return self._plans


def _of(file: Path) -> tuple[str, int, int]:
    try:
        stat = file.stat()
    except OSError:  # it was removed in between: the next call sees that
        return (str(file), 0, 0)
    return (str(file), stat.st_mtime_ns, stat.st_size)


#: One for all that waits in this process.
FILES = PlanFiles()
