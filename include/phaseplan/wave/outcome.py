"""Write the outcome of integrating a wave into the ledger and the logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from phaseplan.errors import PhaseplanError
from phaseplan.ledger.blocked import blocker_lines
from phaseplan.ledger.records import (
    BranchRecord,
    Cause,
    Fault,
    Finding,
    Ledger,
    State,
    Verdict,
    WaveRecord,
    changed,
    now,
)
from phaseplan.ledger.rulings import RULINGS
from phaseplan.ledger.run import selection
from phaseplan.ledger.status_log import status_line, wave_line
from phaseplan.ledger.write import Change, Snapshot, decided
from phaseplan.merging.chain import Merged
from phaseplan.merging.conflict_text import conflict_findings
from phaseplan.plan.model import PhasePlan
from phaseplan.wave.context import Job

BASE = "base"  # id of the head that brings in a base that moved


class WaveRed(PhaseplanError):
    """The wave cannot be published, and no branch is known to be at fault: its branches stay `passed`."""

    def __init__(
        self,
        wave: int,
        findings: tuple[Finding, ...],
        *,
        fault: Fault,
        status_lines: tuple[str, ...] = (),
        blockers: tuple[str, ...] = (),
    ) -> None:
        self.wave, self.findings, self.fault = wave, findings, fault
        self.status_lines, self.blockers = status_lines, blockers
        listed = "\n".join(f"- {f}" for f in findings)
        text = f"wave {wave} is red and nothing of it was published:\n{listed}"
        if fault == "refused":
            text = f"{findings[0].message}\nWave {wave} is merged and its gates are green; it waits to be published."
        super().__init__(text)


@dataclass(frozen=True)
class Integrated:
    """Hold the result of integrating a wave.

    :param head: integration afterwards; None while nothing was ever merged.
    :param waiting: passed branches left out, each with the branch it cannot be merged without.
    :param status_lines: new lines of the status log, for the mirror; `blockers` of the other log.
    :param blocked: the blocker line of every branch that is reported for the first time in this run.
    """

    head: str | None
    merged: tuple[str, ...] = ()
    isolated: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()
    status_lines: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    blocked: dict[str, str] = field(default_factory=dict)
    plan: PhasePlan | None = field(default=None, compare=False, repr=False)  # what the run has pinned
    seen: Snapshot | None = field(default=None, compare=False, repr=False)  # the phase afterwards


@dataclass(frozen=True)
class Isolation:
    """Hold why a branch is taken out: one line, and the findings for the next attempt."""

    cause: Cause
    reason: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Gated:
    """Hold how often the gates ran for this outcome, and what was flaky."""

    runs: int = 0
    flaky: tuple[Finding, ...] = ()


def red(job: Job, findings: tuple[Finding, ...], gated: Gated, fault: Fault) -> tuple[WaveRed, Change]:
    """Record the wave as red; nothing is published and no branch is isolated."""
    record = changed(_wave(job, "red", job.ledger.integration, gated, findings), fault=fault)
    why = str(findings[0]).replace("\n", " ")
    lines = (*job.lines, wave_line(job.wave.wave, f"FAILED {why}; nothing was published"))
    ledger = changed(job.ledger, waves={**job.ledger.waves, job.wave.wave: record})
    ledger, more, blockers = _told(job, ledger, {})
    lines += more
    error = WaveRed(job.wave.wave, findings, fault=fault, status_lines=lines, blockers=blockers)
    return error, Change(ledger, lines, blockers)


def green(
    job: Job,
    merged: Merged,
    head: str,
    waiting: dict[str, str],
    isolations: Mapping[str, Isolation],
    gated: Gated,
) -> tuple[Integrated, Change | None]:
    """Record what was merged as integrated, what was isolated as out, and for all others what they wait for."""
    branches = dict(job.ledger.branches)
    lines = list(job.lines)
    if gated.flaky:
        text = f"FLAKY red, then green on the same commit: {gated.flaky[0]}"
        lines.append(wave_line(job.wave.wave, text))
    if merged.disputed:
        text = f"CONFLICT in generated files, which were made again: {merged.disputed}"
        lines.append(wave_line(job.wave.wave, text))
    new = tuple(step for step in merged.steps if step.id != BASE)
    for step in new:
        branches[step.id] = _integrated(job.snapshot.candidate(step.id), step.commit)
    for branch_id, out in isolations.items():
        branches[branch_id] = _isolated(job, branch_id, out)
        lines.append(status_line(job.plan, job.plan.by_id[branch_id], "ISOLATED", detail=out.reason))
    integration = head if merged.steps else job.ledger.integration
    ids = tuple(step.id for step in new)
    record = _wave(job, "integrated", integration, gated)
    waves = {**job.ledger.waves, job.wave.wave: record}
    ledger = changed(job.ledger, branches=branches, integration=integration, waves=waves)
    ledger, more, blockers = _told(job, ledger, waiting)
    if _same(job.snapshot, ledger, job.wave.wave):
        return Integrated(integration, waiting=waiting), None
    lines += [*more, wave_line(job.wave.wave, f"COMPLETED {', '.join(ids) or 'nothing new'} merged")]
    isolated = {branch_id: out.findings for branch_id, out in isolations.items()}
    blocked = {b: line for b, line in ledger.told.items() if job.ledger.told.get(b) != line}
    done = Integrated(integration, ids, isolated, waiting, job.unfinished, tuple(lines), blockers, blocked)
    return done, Change(ledger, tuple(lines), blockers)


def conflicts(job: Job, merged: Merged, commits: Mapping[str, str]) -> dict[str, Isolation]:
    """Describe heads in conflict with what came before them.

    :param commits: of every head, by id.
    """
    return {
        branch_id: Isolation(
            "conflict", str(conflict), conflict_findings(job.repo, branch_id, commits[branch_id], conflict)
        )
        for branch_id, conflict in merged.conflicted.items()
    }


def _wave(
    job: Job, state: Literal["integrated", "red"], head: str | None, gated: Gated, findings: Sequence[Finding] = ()
) -> WaveRecord:
    return WaveRecord(
        run=job.run.id,
        state=state,
        head=head,
        started=job.began,
        finished=now(),
        findings=tuple(findings),
        flaky=gated.flaky,
        gate_runs=gated.runs,
    )


def _told(job: Job, ledger: Ledger, waiting: Mapping[str, str]) -> tuple[Ledger, tuple[str, ...], tuple[str, ...]]:
    ids = tuple(b for b in selection(job.plan, job.run) if job.plan.wave_of[b] <= job.wave.wave)
    lines, status, blockers = blocker_lines(job.plan, ledger, ids, waiting)
    return changed(ledger, told=lines), status, blockers


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


def _isolated(job: Job, branch_id: str, out: Isolation) -> BranchRecord:
    """Mark a branch as out with its reason; if an earlier attempt is integrated, only the new one is out."""
    record = job.ledger.branches[branch_id]
    verdict = job.snapshot.candidate(branch_id)
    assert verdict is not None, "only candidates are merged"
    if record.state is State.INTEGRATED:
        reason = f"attempt {verdict.attempt} {out.reason}; attempt {record.attempt} stays integrated"
        return changed(record, reason=reason, rejected=verdict.attempt)
    informed = changed(verdict, findings=(*verdict.findings, *out.findings))
    ruling = RULINGS[out.cause]
    return changed(record, state=ruling.state, reason=out.reason, cause=ruling.cause, verdict=informed, run=job.run.id)


def _same(snapshot: Snapshot, ledger: Ledger, wave: int) -> bool:
    """Say whether a new ledger differs at most in times and in how the gates came to the same result."""
    old = snapshot.ledger
    if old is None or snapshot.results.keys() - snapshot.folded_results or wave not in old.waves:
        return False
    ledger = decided(snapshot, ledger)
    before = old.waves[wave]
    how = {name: getattr(before, name) for name in ("started", "finished", "flaky", "gate_runs")}
    return bool(changed(ledger, waves={**ledger.waves, wave: changed(ledger.waves[wave], **how)}) == old)
