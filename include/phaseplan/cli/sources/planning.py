"""Choose the plan with which a phase continues: its ledger's, or the file that it came from, if that was edited."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phaseplan.cli.sources import pinned
from phaseplan.cli.sources.reading import plan_of
from phaseplan.config import origins
from phaseplan.config.settings import Settings
from phaseplan.errors import InputFault
from phaseplan.ledger.records import Pinned
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan
from phaseplan.text.program import PROGRAM


@dataclass(frozen=True)
class Source:
    """Hold the files to continue with, their plan, and the reason for the choice."""

    file: Path
    plan: PhasePlan
    agents: Path
    why: str


def source(pinned_plan: Pinned, url: str, configured: Settings, agents: Path | None) -> Source:
    """Choose the plan of an opened phase. A file that only has the same phase number is never it.

    :param agents: given by the user.
    :raises InputFault: the file that the plan came from has errors now.
    """
    plan, phase = pinned_plan.plan, pinned_plan.plan.phase
    folder = configured.state / "pinned" / hashlib.sha256(url.encode()).hexdigest()[:16]
    origin = origins.find(configured.state, url, phase)
    is_from_here = origin is not None and origin.gave(plan) and origin.plan.is_file()
    if origin is None or not is_from_here:
        file, profiles = pinned.write(pinned_plan, folder)
        return Source(file, plan, agents or profiles, f"as the ledger of phase {phase} has it")
    edited = plan_of(phase, [origin.plan], agents or origin.agents)
    if edited is None and (others := load_valid([origin.plan], agents or origin.agents).plans):
        raise InputFault(
            f"{origin.plan}, which phase {phase} was opened with, describes phase {others[0].plan.phase} now. "
            "Mend it, or put it away to go on with the plan of the ledger."
        )
    if edited is None:
        raise InputFault(
            f"{origin.plan}, which phase {phase} was opened with, is no valid plan of it now: "
            f"`{PROGRAM} lint {origin.plan}` says why. Mend it, or put it away to go on with the plan of the ledger."
        )
    if plan_digest(edited[1]) == plan_digest(plan):
        return Source(*edited, agents or origin.agents, f"{origin.plan}, as the ledger of phase {phase} has it")
    return Source(*edited, agents or origin.agents, f"{origin.plan}, which was edited since phase {phase} was opened")


def before(
    phase: int, url: str, pinned_plan: Pinned | None, beside: Sequence[Path], configured: Settings, agents: Path
) -> tuple[Path, PhasePlan] | None:
    """Choose the plan of a phase that another one depends on: a file beside that one's, else what was opened.

    :param pinned_plan: what the ledger of the phase has; None: it was never opened.
    """
    if (file_and_plan := plan_of(phase, beside, agents)) is not None:
        return file_and_plan
    if pinned_plan is None:
        return None
    chosen = source(pinned_plan, url, configured, None)
    return chosen.file, chosen.plan
