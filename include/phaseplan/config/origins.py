"""Remember in this checkout which plan file a phase was opened from: a first place to look, never the truth.

A ledger knows the plan itself. A file may be taken for a newer edition of it only where this very checkout gave that
file to that phase of that repository: a file of the same phase number, such as an example, proves nothing.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from phaseplan.config.whole_file import write_whole
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan

_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")


class Origin(BaseModel):
    """Record the files from which one phase of one repository was last opened in this checkout."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    plan: Path
    agents: Path
    digest: str  # of the plan as it was then

    def gave(self, pinned: PhasePlan) -> bool:
        """Say whether the plan that a ledger has pinned is the one that came from here."""
        return self.digest == plan_digest(pinned)


def find(state: Path, url: str, phase: int) -> Origin | None:
    """Read what is remembered of a phase; None: it was not opened from here."""
    try:
        return Origin.model_validate_json(_file(state, url, phase).read_bytes())
    except (OSError, ValidationError):
        return None


def keep(state: Path, url: str, plan: PhasePlan, file: Path, agents: Path) -> None:
    """Remember where a plan came from; a copy under `state` is not remembered, because no person edits it."""
    if file.resolve().is_relative_to(state.resolve()):
        return
    origin = Origin(plan=file.resolve(), agents=agents.resolve(), digest=plan_digest(plan))
    place = _file(state, url, plan.phase)
    with suppress(OSError):  # a disk that is full: forgotten, and the ledger's plan is taken
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, origin.model_dump_json(indent=2) + "\n")


def _file(state: Path, url: str, phase: int) -> Path:
    """Return the record's file, named after the repository's address without its password, which may change."""
    address_digest = hashlib.sha256(_CREDENTIALS.sub("", url).encode()).hexdigest()[:16]
    return state / "origins" / f"{address_digest}-phase-{phase}.json"
