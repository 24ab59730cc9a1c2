"""Read what verbs work on: plans, profiles, repositories, a phase's status."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from phaseplan.cli.running.request import absolute
from phaseplan.cli.sources.lastrun import last_run
from phaseplan.config import origins
from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import Settings, repository_for
from phaseplan.errors import InputFault
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.write import Snapshot, read
from phaseplan.merging.predicted_conflicts import EarlyWarning, warnings
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.logins import keep
from phaseplan.repository.remote import Remote


def phase_number(text: str) -> int:
    """Parse `5`, `05`, `phase_05` and `phase-5` as phase 5.

    :raises InputFault: it is none of these.
    """
    match = re.fullmatch(r"(?:phase[-_ ]?)?([0-9]{1,9})", text.strip(), re.IGNORECASE)
    if match is None:
        raise InputFault(f"{text!r} is no phase: write its number, for example 5.")
    return int(match[1])


def plan_of(phase: int, files: Sequence[Path], agents: Path) -> tuple[Path, PhasePlan] | None:
    """Find the valid plan of a phase among some files; of two files of one phase neither counts, as for the DAGs.

    A file that is named twice is one file.
    """
    once = {file.resolve(): file for file in reversed(files)}
    for loaded in load_valid([*reversed(once.values())], agents).plans:
        if loaded.plan.phase == phase:
            return loaded.path, loaded.plan
    return None


def repository_of(given: str | None, plan: PhasePlan | None) -> str:
    """Return URL or absolute path of the target repository: `given` on the command line, else as tasks find it.

    A password in it is kept for the processes that are started, and is not part of the answer.

    :raises InputFault: no source names one.
    """
    url = absolute(repository_for(plan.repository if plan else None, given=given))
    return keep(url, plan.login if plan and plan.repository == url else "")


def file_of(phase: int, configured: Settings, agents: Path | None = None) -> tuple[Path, PhasePlan] | None:
    """Find the plan file of a phase: one that the last run was given, else one of the campaign's.

    Use it to find the repository, and for a phase that was never opened. The plan of an opened phase is in its ledger.

    :param agents: agent profiles; None: those of the last run for its files, the configured ones for the others.
    """
    last = last_run()
    last_files = [file for file in map(Path, last.get("plans", ())) if file.is_file()]
    last_agents = Path(last["agents"]) if last.get("agents") else configured.agents
    return plan_of(phase, last_files, agents or last_agents) or plan_of(
        phase, plan_files(configured.plans), agents or configured.agents
    )


def edition(snapshot: Snapshot, url: str, plan: PhasePlan | None, configured: Settings) -> PhasePlan | None:
    """Return the current plan file of an opened phase, if it is known to belong to that phase; else None.

    A file belongs to the phase if the pinned plan came from it, or has a branch of the same name.

    :param plan: the plan in a file on this machine with this phase number.
    """
    if isinstance(snapshot.opened, Unopened):
        return plan
    origin = origins.find(configured.state, url, snapshot.phase)
    if origin is not None and origin.gave(snapshot.opened.plan):
        file_and_plan = plan_of(snapshot.phase, [origin.plan], origin.agents) if origin.plan.is_file() else None
        return file_and_plan[1] if file_and_plan else None
    names = {branch.branch for branch in snapshot.opened.plan}
    return plan if plan and any(branch.branch in names for branch in plan) else None


def look_at(url: str, phase: int, state: Path) -> tuple[Snapshot, tuple[EarlyWarning, ...]]:
    """Read a phase from a repository, with the predicted conflicts.

    :raises Infrastructure: it does not answer.
    """
    remote = Remote(url)
    with remote.private(state=state) as repo:
        snapshot = read(repo, remote, phase, nights=True)
        if isinstance(snapshot.opened, Unopened):
            return snapshot, ()
        return snapshot, warnings(repo, snapshot, snapshot.opened.plan, snapshot.opened.run.base)


def look_back(url: str, phase: int, state: Path) -> Snapshot:
    """Read a phase from a repository, with the runs that have ended.

    :raises Infrastructure: it does not answer.
    """
    remote = Remote(url)
    with remote.private(state=state) as repo:
        return read(repo, remote, phase, nights=True)


def snapshot_of(url: str, phase: int, state: Path) -> Snapshot:
    """Read a phase from a repository.

    :raises Infrastructure: it does not answer.
    """
    remote = Remote(url)
    with remote.private(state=state) as repo:
        return read(repo, remote, phase)
