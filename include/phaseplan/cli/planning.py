"""Which plan a phase is gone on with: the one its ledger has, or the file that came from, where it is newer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phaseplan.cli import pinned
from phaseplan.cli.reading import plan_of
from phaseplan.config import origins
from phaseplan.config.settings import Settings
from phaseplan.errors import InputFault
from phaseplan.ledger.records import Pinned
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan


@dataclass(frozen=True)
class Source:
    """The files to go on with, what they hold, and why these, in words."""

    file: Path
    plan: PhasePlan
    agents: Path
    why: str


def source(known: Pinned, url: str, here: Settings, agents: Path | None) -> Source:
    """Choose the plan of an opened phase. A file that only has the same phase number is never it.

    :param agents: given by the user.
    :raises InputFault: the file that the plan came from has errors now.
    """
    plan, phase = known.plan, known.plan.phase
    folder = here.state / "pinned" / hashlib.sha256(url.encode()).hexdigest()[:16]
    origin = origins.find(here.state, url, phase)
    ours = origin is not None and origin.gave(plan) and origin.plan.is_file()
    if origin is None or not ours:
        file, profiles = pinned.write(known, folder)
        return Source(file, plan, agents or profiles, f"as the ledger of phase {phase} has it")
    found = plan_of(phase, [origin.plan], agents or origin.agents)
    if found is None and (others := load_valid([origin.plan], agents or origin.agents).plans):
        raise InputFault(
            f"{origin.plan}, which phase {phase} was opened with, describes phase {others[0].plan.phase} now. "
            "Mend it, or put it away to go on with the plan of the ledger."
        )
    if found is None:
        raise InputFault(
            f"{origin.plan}, which phase {phase} was opened with, is no valid plan of it now: "
            f"`./phaseplan lint {origin.plan}` says why. Mend it, or put it away to go on with the plan of the ledger."
        )
    if plan_digest(found[1]) == plan_digest(plan):
        return Source(*found, agents or origin.agents, f"{origin.plan}, as the ledger of phase {phase} has it")
    return Source(*found, agents or origin.agents, f"{origin.plan}, which was edited since phase {phase} was opened")


def before(
    phase: int, url: str, known: Pinned | None, beside: Sequence[Path], here: Settings, agents: Path
) -> tuple[Path, PhasePlan] | None:
    """Choose the plan of a phase that another one depends on: a file beside that one's, else what was opened.

    :param known: what the ledger of the phase has; None: it was never opened.
    """
    if (found := plan_of(phase, beside, agents)) is not None:
        return found
    if known is None:
        return None
    mine = source(known, url, here, None)
    return mine.file, mine.plan
