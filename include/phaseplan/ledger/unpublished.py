"""Find what is merged but not in the target, because the target refused it or a person removed it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phaseplan.ledger import refs
from phaseplan.ledger.records import State, WaveRecord
from phaseplan.plan.model import Branch, PhasePlan

if TYPE_CHECKING:
    from phaseplan.ledger.snapshot import Snapshot

WAITING = "waiting to be published"


def refused(wave: WaveRecord | None) -> str:
    """Return the target's message when it refused a wave's commit; empty: it did not."""
    if wave is None or wave.state != "red" or wave.fault != "refused" or not wave.findings:
        return ""
    return wave.findings[0].message


def held(snapshot: Snapshot, ref: str) -> bool:
    """Say whether the target has a branch; True if its branches were not read."""
    return not snapshot.heads or ref in snapshot.heads


def unpublished(snapshot: Snapshot, plan: PhasePlan, branch: Branch) -> dict[str, Any]:
    """Return what a status shows of a branch that is merged but not in the target, instead of what its record says."""
    ledger = snapshot.ledger
    state, wave = snapshot.state(branch.id), plan.wave_of[branch.id]
    if ledger is None:
        return {}
    if state is State.PASSED and (words := refused(ledger.waves.get(wave))):
        return {"reason": f"{WAITING}: refused by the target: {words}"}
    own = refs.integration(plan.phase)
    gone = ledger.integration is not None and not held(snapshot, own) and not (ledger.run and ledger.run.complete)
    if state is State.INTEGRATED and gone:  # a person may remove the branch of a phase that is complete
        return {"state": State.PASSED, "reason": f"merged, and {WAITING}: the target has no {own[11:]}"}
    return {}
