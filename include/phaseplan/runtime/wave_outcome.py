"""What integrating a wave came to, as the ledger and people are told."""

from __future__ import annotations

from dataclasses import dataclass, field

from include.phaseplan.errors import PhaseplanError
from include.phaseplan.runtime.ledger import Change, Snapshot, decided
from include.phaseplan.runtime.merge import Conflict, Merged
from include.phaseplan.runtime.records import (
    BranchRecord,
    Finding,
    Ledger,
    State,
    Verdict,
    WaveRecord,
    changed,
    now,
)
from include.phaseplan.runtime.statuslog import status_line, wave_line
from include.phaseplan.runtime.wave_job import Job

BASE = "base"  # id of the head that brings in a base that moved


class WaveRed(PhaseplanError):
    """The merged commit did not pass its gates: nothing was published, its branches stay `passed`."""

    def __init__(self, wave: int, findings: tuple[Finding, ...], status_lines: tuple[str, ...] = ()) -> None:
        self.wave, self.findings, self.status_lines = wave, findings, status_lines
        said = "\n".join(f"- {f}" for f in findings)
        super().__init__(f"wave {wave} is red and nothing of it was published:\n{said}")


@dataclass(frozen=True)
class Integrated:
    """What integrating a wave came to.

    :param head: integration afterwards; None while nothing was ever merged.
    :param waiting: passed branches left out, each with the branch it cannot be merged without.
    :param status_lines: new lines of the status log, for the mirror.
    """

    head: str | None
    merged: tuple[str, ...] = ()
    isolated: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()
    status_lines: tuple[str, ...] = ()


def red(job: Job, findings: tuple[Finding, ...]) -> tuple[WaveRed, Change]:
    lines = (*job.lines, wave_line(job.wave.wave, f"FAILED {findings[0]}; nothing was published"))
    record = WaveRecord(
        run=job.run.id, state="red", head=job.ledger.integration, started=job.began, finished=now(), findings=findings
    )
    ledger = changed(job.ledger, waves={**job.ledger.waves, job.wave.wave: record})
    return WaveRed(job.wave.wave, findings, lines), Change(ledger, lines)


def green(job: Job, merged: Merged, head: str, waiting: dict[str, str]) -> tuple[Integrated, Change | None]:
    branches = dict(job.ledger.branches)
    lines = list(job.lines)
    isolated: dict[str, tuple[Finding, ...]] = {}
    new = tuple(step for step in merged.steps if step.id != BASE)
    for step in new:
        branches[step.id] = _integrated(job.snapshot.candidate(step.id), step.commit)
    for branch_id, conflict in merged.conflicted.items():
        isolated[branch_id] = conflict_findings(branch_id, conflict)
        branches[branch_id] = _isolated(job, branch_id, conflict, isolated[branch_id])
        lines.append(status_line(job.plan, job.plan.by_id[branch_id], "ISOLATED", detail=str(conflict)))
    integration = head if merged.steps else job.ledger.integration
    ids = tuple(step.id for step in new)
    lines.append(wave_line(job.wave.wave, f"COMPLETED {', '.join(ids) or 'nothing new'} merged"))
    record = WaveRecord(run=job.run.id, state="integrated", head=integration, started=job.began, finished=now())
    ledger = changed(
        job.ledger, branches=branches, integration=integration, waves={**job.ledger.waves, job.wave.wave: record}
    )
    if _same(job.snapshot, ledger, job.wave.wave):
        return Integrated(integration, waiting=waiting), None
    return Integrated(integration, ids, isolated, waiting, job.unfinished, tuple(lines)), Change(ledger, tuple(lines))


def _integrated(verdict: Verdict | None, merge: str) -> BranchRecord:
    assert verdict is not None, "only candidates are merged"
    return BranchRecord(
        state=State.INTEGRATED,
        attempt=verdict.attempt,
        gating=verdict.gating,
        commit=verdict.commit,
        merge=merge,
        verdict=verdict,
    )


def _isolated(job: Job, branch_id: str, conflict: Conflict, findings: tuple[Finding, ...]) -> BranchRecord:
    """Out with its reason; where an earlier attempt is integrated only the new one is out."""
    record = job.ledger.branches[branch_id]
    verdict = job.snapshot.candidate(branch_id)
    assert verdict is not None, "only candidates are merged"
    if record.state is State.INTEGRATED:
        reason = f"attempt {verdict.attempt} {conflict}; attempt {record.attempt} stays integrated"
        return changed(record, reason=reason, rejected=verdict.attempt)
    told = changed(verdict, findings=(*verdict.findings, *findings))
    return changed(record, state=State.ISOLATED, reason=str(conflict), verdict=told)


def conflict_findings(what: str, conflict: Conflict) -> tuple[Finding, ...]:
    text = f"{what} conflicts with {', '.join(conflict.opponents)}"
    return tuple(Finding(gate="conflict", file=path, message=text) for path in conflict.paths[:20])


def _same(snapshot: Snapshot, ledger: Ledger, wave: int) -> bool:
    """Whether a new ledger would say nothing new, its clock left out."""
    old = snapshot.ledger
    if old is None or snapshot.results.keys() - snapshot.folded_results or wave not in old.waves:
        return False
    ledger = decided(snapshot, ledger)
    timeless = changed(ledger.waves[wave], started=old.waves[wave].started, finished=old.waves[wave].finished)
    return bool(changed(ledger, waves={**ledger.waves, wave: timeless}) == old)
