"""Integrating one wave: INTEGRATION.md, steps 0 to 5, 7 and 8, and the gates of the merged commit."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from include.phaseplan.errors import Infrastructure, PhaseplanError
from include.phaseplan.plan.graph import merge_order
from include.phaseplan.plan.model import PhasePlan, Wave
from include.phaseplan.runtime.conservation import literal, touched, violations
from include.phaseplan.runtime.git import GitRepo
from include.phaseplan.runtime.ledger import Change, Snapshot, commit_ledger
from include.phaseplan.runtime.merge import Conflict, Head, Merged, chain_merge
from include.phaseplan.runtime.phase import selection, settle_unfinished
from include.phaseplan.runtime.reconcile import reconcile
from include.phaseplan.runtime.records import (
    BranchRecord,
    Finding,
    Ledger,
    RunRecord,
    State,
    Token,
    Verdict,
    WaveRecord,
    changed,
    now,
)
from include.phaseplan.runtime.remote import ROUNDS, Remote, pause
from include.phaseplan.runtime.statuslog import status_line, wave_line
from include.phaseplan.runtime.workbench import GateFailed, Workbench
from include.phaseplan.runtime.workspace import head_of, regenerated, union_paths

BASE = "base"


class WaveRed(PhaseplanError):
    """The merged commit did not pass its gates: nothing was published, its branches stay `passed`."""

    def __init__(self, wave: int, findings: tuple[Finding, ...], status_lines: tuple[str, ...] = ()) -> None:
        self.wave, self.findings, self.status_lines = wave, findings, status_lines
        said = "\n".join(f"- {f}" for f in findings)
        super().__init__(f"wave {wave} is red and nothing of it was published:\n{said}")


class WaveNotReached(PhaseplanError):
    """This run has not finished the wave before; nothing was touched."""


class NotConserved(PhaseplanError):
    """The merge lost or invented something. Nothing was published."""

    def __init__(self, wave: int, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        said = "; ".join(str(f) for f in findings[:5])
        super().__init__(f"wave {wave}: the merge is not what its branches did, so nothing was published: {said}")


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


@dataclass(frozen=True)
class _Job:
    """One look at the ledger and what is to be done about it."""

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

    @property
    def old(self) -> str:
        """What is merged onto: integration, before there is one the pinned base."""
        return self.ledger.integration or self.run.base


def integrate(remote: Remote, repo: GitRepo, token: Token, wave: int, bench: Workbench, *, phase: int) -> Integrated:
    """Settle every branch up to a wave, merge what passed, gate the exact commit, publish.

    Doing it twice is doing it once. A conflict isolates the later branch and everything else goes on.

    :raises Stale: a newer run holds the ledger; nothing was touched.
    :raises WaveNotReached: the wave before is not integrated in this run; nothing was touched.
    :raises WaveRed: the merged commit is red; only that is recorded.
    :raises NotConserved: the merge lost something; nothing is recorded.
    """
    began, bench = now(), _Remembering(bench)
    for round_ in range(ROUNDS):
        snapshot = reconcile(repo, remote, phase, token=token)
        job = _job(repo, snapshot, wave, bench, began)
        done, change = _work(job)
        if change is not None and not commit_ledger(
            repo, remote, snapshot, change.ledger, status_lines=change.status_lines
        ):
            pause(round_)
            continue
        if change is not None:
            reconcile(repo, remote, phase)
        if isinstance(done, WaveRed):
            raise done
        return done
    raise Infrastructure(
        f"wave {wave} of phase {phase}: others moved the ledger {ROUNDS} times in a row; Clear the task"
    )


def _job(repo: GitRepo, snapshot: Snapshot, number: int, bench: Workbench, began: str) -> _Job:
    assert snapshot.pinned and snapshot.ledger and snapshot.ledger.run, "the token was checked"
    plan, run = snapshot.pinned.plan, snapshot.ledger.run
    wave = next(w for w in plan.waves if w.wave == number)
    reached(snapshot, number)
    mine = [b for b in selection(plan, run) if plan.wave_of[b] <= number]
    folded = snapshot.folded()
    ledger, lines = settle_unfinished(plan, folded, mine)
    lost = tuple(b for b in mine if ledger.branches.get(b) != folded.branches.get(b))
    return _Job(repo, snapshot, plan, run, wave, bench, began, ledger, lines, lost)


def reached(snapshot: Snapshot, number: int) -> None:
    """Raise WaveNotReached unless the run that holds the ledger has integrated the wave before."""
    assert snapshot.pinned and snapshot.ledger and snapshot.ledger.run, "the token was checked"
    before = [w.wave for w in snapshot.pinned.plan.waves if w.wave < number]
    if not before:
        return
    record = snapshot.ledger.waves.get(max(before))
    if record is None or record.run != snapshot.ledger.run.id or record.state != "integrated":
        why = "is red" if record and record.run == snapshot.ledger.run.id else "has not been integrated in this run"
        raise WaveNotReached(
            f"wave {number} was not reached: wave {max(before)} {why}; Clear wave_{max(before)}.integrate"
        )


def _work(job: _Job) -> tuple[Integrated | WaveRed, Change | None]:
    heads, waiting = _select(job)
    merged = chain_merge(
        job.repo,
        job.old,
        heads,
        union=union_paths(job.plan),
        generated=job.plan.generated,
        judged={v.commit: v.branch for vs in job.snapshot.verdicts.values() for v in vs if v.commit},
    )
    if BASE in merged.conflicted:
        return _red(job, _conflict_findings("the new base", merged.conflicted[BASE]))
    try:
        head = regenerated(job.repo, job.plan, merged, heads, job.bench)
        mine = [h for h in heads if h.id in merged.ids]
        _conserved(job, head, mine)
        findings = _gate(job, head, mine)
    except GateFailed as failed:
        findings = failed.findings
    if findings:
        return _red(job, findings)
    return _green(job, merged, head, {**waiting, **merged.waiting})


def _select(job: _Job) -> tuple[list[Head], dict[str, str]]:
    """Passed branches whose dependencies are in or come before them, in merge order; a moved base goes first."""
    inside = {b for b, r in job.ledger.branches.items() if r.state is State.INTEGRATED}
    heads, waiting = _moved_base(job), dict[str, str]()
    chosen = set(selection(job.plan, job.run))
    coming: set[str] = set()
    for branch_id in merge_order(job.plan):
        verdict = job.snapshot.candidate(branch_id)
        if branch_id not in chosen or job.plan.wave_of[branch_id] > job.wave.wave or verdict is None:
            continue
        if job.ledger.branches[branch_id].state not in (State.PASSED, State.INTEGRATED):
            continue
        needs = tuple(d for d in job.plan.by_id[branch_id].depends_on if d not in inside)
        if missing := next((d for d in needs if d not in coming), None):
            waiting[branch_id] = missing
            continue
        heads.append(replace(head_of(job.plan, verdict), needs=needs))
        coming.add(branch_id)
    return heads, waiting


def _moved_base(job: _Job) -> list[Head]:
    if job.repo.is_ancestor(job.run.base, job.old):
        return []
    parted = job.repo.line("merge-base", job.run.base, job.old)
    return [Head(BASE, job.run.base, job.run.base_name, parted)]


def _conserved(job: _Job, head: str, mine: list[Head]) -> None:
    if head == job.old:
        return
    exempt = (*job.plan.generated, *(literal(p) for p in union_paths(job.plan)))
    if broken := violations(job.repo, job.old, head, mine, exempt=exempt):
        raise NotConserved(job.wave.wave, broken)


def _gate(job: _Job, head: str, mine: list[Head]) -> tuple[Finding, ...]:
    """Union checks, then the validations of every wave that has a branch in this merge, on the exact commit."""
    if head == job.old:
        return ()
    paths = {path for work in touched(job.repo, mine).values() for path in work}
    checks = [
        shared.check.replace("{path}", shlex.quote(shared.path)).replace(
            "{dir}", shlex.quote(posixpath.dirname(shared.path) or ".")
        )
        for shared in job.plan.shared_files
        if shared.merge == "union" and shared.check and shared.path in paths
    ]
    waves = {job.plan.wave_of[h.id] for h in mine if h.id != BASE} | {job.wave.wave}
    validations = [command for w in job.plan.waves if w.wave in waves for command in w.validation]
    commands = list(dict.fromkeys(checks)) + validations
    return job.bench.run(job.repo, head, commands, title=f"wave {job.wave.wave}") if commands else ()


def _red(job: _Job, findings: tuple[Finding, ...]) -> tuple[WaveRed, Change]:
    lines = (*job.lines, wave_line(job.wave.wave, f"FAILED {findings[0]}; nothing was published"))
    record = WaveRecord(
        run=job.run.id, state="red", head=job.ledger.integration, started=job.began, finished=now(), findings=findings
    )
    ledger = changed(job.ledger, waves={**job.ledger.waves, job.wave.wave: record})
    return WaveRed(job.wave.wave, findings, lines), Change(ledger, lines)


def _green(job: _Job, merged: Merged, head: str, waiting: dict[str, str]) -> tuple[Integrated, Change | None]:
    branches = dict(job.ledger.branches)
    lines = list(job.lines)
    isolated: dict[str, tuple[Finding, ...]] = {}
    new = tuple(step for step in merged.steps if step.id != BASE)
    for step in new:
        branches[step.id] = _integrated(job.snapshot.candidate(step.id), step.commit)
    for branch_id, conflict in merged.conflicted.items():
        isolated[branch_id] = _conflict_findings(branch_id, conflict)
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


def _isolated(job: _Job, branch_id: str, conflict: Conflict, findings: tuple[Finding, ...]) -> BranchRecord:
    """Out with its reason; where an earlier attempt is integrated only the new one is out."""
    record = job.ledger.branches[branch_id]
    verdict = job.snapshot.candidate(branch_id)
    assert verdict is not None, "only candidates are merged"
    if record.state is State.INTEGRATED:
        reason = f"attempt {verdict.attempt} {conflict}; attempt {record.attempt} stays integrated"
        return changed(record, reason=reason, rejected=verdict.attempt)  # type: ignore[no-any-return]
    told = changed(verdict, findings=(*verdict.findings, *findings))
    return changed(record, state=State.ISOLATED, reason=str(conflict), verdict=told)  # type: ignore[no-any-return]


def _conflict_findings(what: str, conflict: Conflict) -> tuple[Finding, ...]:
    text = f"{what} conflicts with {', '.join(conflict.opponents)}"
    return tuple(Finding(gate="conflict", file=path, message=text) for path in conflict.paths[:20])


def _same(snapshot: Snapshot, ledger: Ledger, wave: int) -> bool:
    """Whether a new ledger would say nothing new, its clock left out."""
    old = snapshot.ledger
    if old is None or snapshot.results.keys() - snapshot.folded_results or wave not in old.waves:
        return False
    timeless = changed(ledger.waves[wave], started=old.waves[wave].started, finished=old.waves[wave].finished)
    return bool(changed(ledger, waves={**ledger.waves, wave: timeless}) == old)


class _Remembering:
    """A workbench that gates one commit once, however often the race for the ledger is lost."""

    def __init__(self, bench: Workbench) -> None:
        self._bench, self._green = bench, set[tuple[str, ...]]()

    def regenerate(self, repo: GitRepo, commit: str, commands: Sequence[str], patterns: Sequence[str]) -> str:
        return self._bench.regenerate(repo, commit, commands, patterns)

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        if (commit, *commands) in self._green:
            return ()
        findings = self._bench.run(repo, commit, commands, title=title)
        if not findings:
            self._green.add((commit, *commands))
        return findings
