"""Hold what is known at one look when a wave is integrated."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.errors import Bug
from phaseplan.gates.workbench import Workbench
from phaseplan.ledger.approval.approvals import check_approved
from phaseplan.ledger.records import Ledger, RunRecord
from phaseplan.ledger.run import reached, selection, settle_unfinished
from phaseplan.ledger.write import Snapshot
from phaseplan.plan.model import PhasePlan, Wave
from phaseplan.repository.repo import GitRepo


@dataclass(frozen=True)
class Job:
    """Hold one look at the ledger and what is to be done about it."""

    repo: GitRepo
    snapshot: Snapshot
    plan: PhasePlan
    run: RunRecord
    wave: Wave
    bench: Workbench
    began: str
    ledger: Ledger  # folded and settled
    lines: tuple[str, ...]  # about settling
    unfinished: tuple[str, ...]
    always: tuple[str, ...] = ()  # commands before the waves' own validations

    @property
    def old(self) -> str:
        """Return what is merged onto: integration, or the pinned base before there is one."""
        return self.ledger.integration or self.run.base


def job_of(repo: GitRepo, snapshot: Snapshot, number: int, bench: Workbench, began: str) -> Job:
    opened = snapshot.require_open()
    plan, run = opened.plan, opened.run
    wave = next((w for w in plan.waves if w.wave == number), None)
    if wave is None:
        raise Bug(f"phase {plan.phase} has no wave {number} in the plan that run {run.id} pinned")
    reached(snapshot, number)
    check_approved(snapshot, number)
    ids = [b for b in selection(plan, run) if plan.wave_of[b] <= number]
    folded = snapshot.folded()
    ledger, lines = settle_unfinished(plan, folded, ids)
    lost = tuple(b for b in ids if ledger.branches.get(b) != folded.branches.get(b))
    return Job(repo, snapshot, plan, run, wave, bench, began, ledger, lines, lost)
