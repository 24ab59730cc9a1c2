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
    """The valid plan of a phase; None: no file describes it, or not without errors."""
    return FILES.plans(settings()).get(phase)


@dataclass
class PlanFiles:
    """All valid plans by phase, as far as the files' times and sizes say that they are the same."""

    _stamp: _Stamp = ()
    _plans: dict[int, PhasePlan] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plans(self, here: Settings) -> dict[int, PhasePlan]:
        """The valid plans of the configured folder; of two of one phase neither is one."""
        with self._lock:
            files = plan_files(here.plans)
            stamp = tuple(_of(file) for file in [*files, here.agents])
            if stamp != self._stamp:
                loaded = load_valid(files, here.agents).plans
                self._plans, self._stamp = {entry.plan.phase: entry.plan for entry in loaded}, stamp
            return self._plans


def _of(file: Path) -> tuple[str, int, int]:
    try:
        held = file.stat()
    except OSError:  # it went away in between: the next look sees that
        return (str(file), 0, 0)
    return (str(file), held.st_mtime_ns, held.st_size)


#: One for all that waits in this process.
FILES = PlanFiles()
