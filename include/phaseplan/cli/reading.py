"""Reads what the verbs are about: plans, profiles, repositories, a phase's status."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from include.phaseplan.errors import InputFault
from include.phaseplan.plan.campaign import load_valid
from include.phaseplan.plan.model import PhasePlan
from include.phaseplan.runtime.ledger import Snapshot, read
from include.phaseplan.runtime.remote import Remote


def phase_number(text: str) -> int:
    """`5`, `05`, `phase_05` and `phase-5` all mean phase 5.

    :raises InputFault: it is none of these.
    """
    match = re.fullmatch(r"(?:phase[-_ ]?)?(\d+)", text.strip(), re.IGNORECASE)
    if match is None:
        raise InputFault(f"{text!r} is no phase: write its number, for example 5.")
    return int(match[1])


def plan_of(phase: int, files: Sequence[Path], agents: Path) -> tuple[Path, PhasePlan] | None:
    """The first valid plan of a phase among some files."""
    for loaded in load_valid(files, agents).plans:
        if loaded.plan.phase == phase:
            return loaded.path, loaded.plan
    return None


def snapshot_of(url: str, phase: int, state: Path) -> Snapshot:
    """What a repository says about a phase.

    :raises Infrastructure: it does not answer.
    """
    remote = Remote(url)
    with remote.private(state=state) as repo:
        return read(repo, remote, phase)
