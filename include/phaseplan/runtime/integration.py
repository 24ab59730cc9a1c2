"""Integrating one wave: INTEGRATION.md, steps 0 to 5, 7 and 8, and the gates of the merged commit."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import replace

from include.phaseplan.errors import Infrastructure, PhaseplanError
from include.phaseplan.plan.graph import merge_order
from include.phaseplan.runtime.conservation import literal, touched, violations
from include.phaseplan.runtime.git import GitRepo
from include.phaseplan.runtime.ledger import Change, commit_ledger
from include.phaseplan.runtime.merge import Head, chain_merge
from include.phaseplan.runtime.phase import selection
from include.phaseplan.runtime.reconcile import reconcile
from include.phaseplan.runtime.records import (
    Finding,
    State,
    Token,
    now,
)
from include.phaseplan.runtime.remote import ROUNDS, Remote, pause
from include.phaseplan.runtime.wave_job import Job, WaveNotReached, job_of, reached
from include.phaseplan.runtime.wave_outcome import BASE, Integrated, WaveRed, conflict_findings, green, red
from include.phaseplan.runtime.workbench import GateFailed, Workbench
from include.phaseplan.runtime.workspace import head_of, regenerated, union_paths

__all__ = ["Integrated", "NotConserved", "WaveNotReached", "WaveRed", "integrate", "reached"]


class NotConserved(PhaseplanError):
    """The merge lost or invented something. Nothing was published."""

    def __init__(self, wave: int, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        said = "; ".join(str(f) for f in findings[:5])
        super().__init__(f"wave {wave}: the merge is not what its branches did, so nothing was published: {said}")


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
        job = job_of(repo, snapshot, wave, bench, began)
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


def _work(job: Job) -> tuple[Integrated | WaveRed, Change | None]:
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
        return red(job, conflict_findings("the new base", merged.conflicted[BASE]))
    try:
        head = regenerated(job.repo, job.plan, merged, heads, job.bench)
        mine = [h for h in heads if h.id in merged.ids]
        _conserved(job, head, mine)
        findings = _gate(job, head, mine)
    except GateFailed as failed:
        findings = failed.findings
    if findings:
        return red(job, findings)
    return green(job, merged, head, {**waiting, **merged.waiting})


def _select(job: Job) -> tuple[list[Head], dict[str, str]]:
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


def _moved_base(job: Job) -> list[Head]:
    if job.repo.is_ancestor(job.run.base, job.old):
        return []
    parted = job.repo.line("merge-base", job.run.base, job.old)
    return [Head(BASE, job.run.base, job.run.base_name, parted)]


def _conserved(job: Job, head: str, mine: list[Head]) -> None:
    if head == job.old:
        return
    exempt = (*job.plan.generated, *(literal(p) for p in union_paths(job.plan)))
    if broken := violations(job.repo, job.old, head, mine, exempt=exempt):
        raise NotConserved(job.wave.wave, broken)


def _gate(job: Job, head: str, mine: list[Head]) -> tuple[Finding, ...]:
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
