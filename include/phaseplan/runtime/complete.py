"""Whether another phase is complete, and if not, why not, in words for a log."""

from __future__ import annotations

from dataclasses import dataclass

from include.phaseplan.plan.campaign import load_valid
from include.phaseplan.runtime.ledger import read
from include.phaseplan.runtime.phase import complete
from include.phaseplan.runtime.records import State
from include.phaseplan.runtime.remote import Remote
from include.phaseplan.runtime.settings import repository_for, settings


@dataclass(frozen=True)
class Wait:
    """What a look at another phase found."""

    complete: bool
    reason: str


def look(phase: int, repository: str | None) -> Wait:
    """Look at a phase's ledger once.

    :param repository: the waiting plan's own repository, or None for the configured one.
    :raises Infrastructure: the repository does not answer.
    """
    here = settings()
    plans = load_valid(sorted(here.plans.glob("*.yaml")), here.agents).plans
    plan = next((loaded.plan for loaded in plans if loaded.plan.phase == phase), None)
    if plan is None:
        return Wait(False, f"Phase {phase} has no valid plan in {here.plans}, so it cannot become complete.")
    remote = Remote(repository_for(plan.repository or repository))
    with remote.private(state=here.state) as repo:
        snapshot = read(repo, remote, phase)
    if complete(snapshot, plan):
        return Wait(True, f"Phase {phase} is complete.")
    if snapshot.ledger is None or snapshot.ledger.run is None:
        return Wait(False, f"Waiting for phase {phase}: it has not been opened yet.")
    states = snapshot.folded().branches
    missing = [b.id for b in plan if b.id not in states or states[b.id].state is not State.INTEGRATED]
    out = ", ".join(f"{b} {states[b].state if b in states else State.PENDING}" for b in missing)
    since = snapshot.ledger.run.opened
    return Wait(False, f"Waiting for phase {phase}, opened {since}: {out or 'not closed yet, or its plan changed'}.")
