"""Integrate one wave: steps 0 to 7 of docs/design/merge.md."""

from __future__ import annotations

from dataclasses import replace

from phaseplan.errors import Infrastructure
from phaseplan.gates.workbench import Workbench
from phaseplan.ledger.records import Finding, State, Token, now
from phaseplan.ledger.run import WaveNotReached, reached, selection
from phaseplan.ledger.write import Change, Snapshot, moved
from phaseplan.merging.chain import Head
from phaseplan.merging.reconcile import reconcile
from phaseplan.merging.workspace import head_of
from phaseplan.plan.graph import merge_order
from phaseplan.repository.refusals import NameClash, Refused
from phaseplan.repository.remote import ROUNDS, Remote, pause
from phaseplan.repository.repo import GitRepo
from phaseplan.wave.context import Job, job_of
from phaseplan.wave.gate import GATE_RUNS, GateMemory, NotConserved
from phaseplan.wave.outcome import BASE, Gated, Integrated, WaveRed, conflicts, green, red
from phaseplan.wave.search import Stopped, WaveSearch

__all__ = ["Integrated", "NotConserved", "WaveNotReached", "WaveRed", "integrate", "reached"]


def integrate(
    remote: Remote,
    repo: GitRepo,
    token: Token,
    wave: int,
    bench: Workbench,
    *,
    phase: int,
    gate_runs: int = GATE_RUNS,
    snapshot: Snapshot | None = None,
) -> Integrated:
    """Settle every branch up to a wave, merge what passed, gate the exact commit, publish.

    Doing it twice is doing it once. A conflict isolates the later branch, a red gate the branch that makes it red,
    and everything else goes on.

    :param gate_runs: how often the gates may run, all in all.
    :param snapshot: what was read just now, to begin from.
    :raises Stale: a newer run holds the ledger; nothing was touched.
    :raises WaveNotReached, NotApproved: the wave before is not integrated in this run, or not approved.
    :raises WaveRed: nothing can be published, and no branch is at fault or known to be; only that is recorded. The
        target's refusal of the integration branch is one of the reasons.
    :raises NotConserved: the merge lost something; nothing is recorded.
    """
    began, memory = now(), GateMemory(gate_runs)
    for round_ in range(ROUNDS):
        seen, snapshot = reconcile(repo, remote, phase, token=token, snapshot=snapshot), None
        memory.rewind()
        job = job_of(repo, seen, wave, bench, began)
        done, change = _work(job, memory)
        try:
            after = moved(repo, remote, seen, change) if change else seen
        except (Refused, NameClash) as refusal:
            done, change = red(job, (Finding(gate="publish", message=str(refusal)),), Gated(memory.runs), "refused")
            after = moved(repo, remote, seen, change)  # the ledger alone; where that is refused too, it is said
        if after is not None:
            if change is not None:
                reconcile(repo, remote, phase, snapshot=after)
            if isinstance(done, WaveRed):
                raise done
            return replace(done, seen=after)
        pause(round_)
    raise Infrastructure(
        f"wave {wave} of phase {phase}: others moved the ledger {ROUNDS} times in a row; Clear the task"
    )


def _work(job: Job, memory: GateMemory) -> tuple[Integrated | WaveRed, Change | None]:
    heads, waiting = _select(job)
    search = WaveSearch(job, memory, _moved_base(job), list(heads))
    try:
        merged, tried = search.run()
    except Stopped as stopped:
        return red(job, stopped.findings, Gated(memory.runs, tuple(search.flaky)), stopped.fault)
    isolations = {**conflicts(job, merged, {h.id: h.commit for h in heads}), **search.out}
    in_order = {h.id: isolations[h.id] for h in heads if h.id in isolations}
    waiting |= {**search.waiting, **merged.waiting}
    return green(job, merged, tried.head, waiting, in_order, Gated(memory.runs, tuple(search.flaky)))


def _select(job: Job) -> tuple[list[Head], dict[str, str]]:
    """List passed branches whose dependencies are in or come before them, in merge order."""
    inside = {b for b, r in job.ledger.branches.items() if r.state is State.INTEGRATED}
    heads, waiting = list[Head](), dict[str, str]()
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
