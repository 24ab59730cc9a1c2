"""Say of branches that their agent's profile is paused. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phaseplan.ledger.pause.pauses import Pause, stands
from phaseplan.ledger.pause.pausing import lacked
from phaseplan.ledger.records import RunRecord, State
from phaseplan.plan.model import PhasePlan

if TYPE_CHECKING:
    from phaseplan.ledger.snapshot import Snapshot


def standing(snapshot: Snapshot) -> tuple[Pause, ...]:
    """List the pauses of the run that holds the phase, by profile."""
    run = snapshot.run.id if snapshot.run else None
    return tuple(pause for _, pause in sorted(snapshot.pauses.items()) if stands(pause) and pause.run == run)


def paused(snapshot: Snapshot, plan: PhasePlan, branch_id: str, state: State) -> Pause | None:
    """Return the pause that a branch waits for; None: it waits for none."""
    run, pauses = snapshot.run, {pause.profile: pause for pause in standing(snapshot)}
    if run is None or not pauses or (run.branches and branch_id not in run.branches):
        return None
    profile = run.agent or plan.profile_of(plan.by_id[branch_id])
    pause = pauses.get(profile or "")
    return pause if pause and _waits(snapshot, run, branch_id, pause.profile, state) else None


def _waits(snapshot: Snapshot, run: RunRecord, branch_id: str, profile: str, state: State) -> bool:
    """Say whether nothing but the pause holds up a branch."""
    if state is State.PENDING:
        return snapshot.not_ready(branch_id) is None
    verdicts = snapshot.verdicts.get(branch_id, ())
    return state is State.UNFINISHED and bool(verdicts) and lacked(verdicts[-1], run.id, profile)
