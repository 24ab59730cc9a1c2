"""List what was tried at a branch, attempt by attempt. Pure."""

from __future__ import annotations

from itertools import zip_longest
from typing import Literal

from phaseplan.ledger.money.usage import Usage
from phaseplan.ledger.records import BranchRecord, Record, State, Verdict, moment, moment_if_any
from phaseplan.ledger.snapshot import Claim, Snapshot
from phaseplan.ledger.transcripts import Kept

#: What became of a passed attempt; empty: nothing yet, or a later attempt took its place.
Became = Literal["", "integrated", "conflict", "wave_gate", "taken_out", "outdated"]


class AttemptStatus(Record):
    """Describe one attempt. `outcome` is the verdict of its own gates; `became` is the result of merging it."""

    attempt: int
    outcome: Literal["running", "passed", "failed", "blocked", "cancelled", "unfinished"]
    became: Became = ""
    why: str = ""  # why it is not in: the first finding, or the reason
    source: Literal["agent", "person"] = "agent"
    agent: str = ""  # profile name
    name: str | None = None  # public name it was given; withdrawn where it is out
    commit: str | None = None  # the judged one, or what the attempt produced
    lines: int = 0
    run: str = ""  # Airflow run that made it
    started: str = ""
    finished: str = ""
    agent_seconds: float | None = None
    usage: Usage | None = None  # of models, where a gateway counted it
    transcript: Kept | None = None  # how much of what the agent said is kept
    replaced_by: int | None = None  # the next attempt


def attempts_of(snapshot: Snapshot, branch_id: str) -> tuple[AttemptStatus, ...]:
    """List all attempts of a branch by number; of several gatings of one attempt the last counts."""
    judged = {verdict.attempt: verdict for verdict in snapshot.verdicts.get(branch_id, ())}
    claims, raw_refs = snapshot.started.get(branch_id, {}), snapshot.attempts.get(branch_id, {})
    numbers = sorted({*judged, *claims, *raw_refs})
    record = snapshot.stored(branch_id)
    statuses = []
    for number, later in zip_longest(numbers, numbers[1:]):
        if (verdict := judged.get(number)) is not None:
            status = _judged(verdict, record)
        else:
            status = _open(snapshot, number, claims.get(number), raw_refs.get(number))
        replaced = None if status.became == "integrated" else later
        statuses.append(status.model_copy(update={"replaced_by": replaced}))
    return tuple(statuses)


def alive(snapshot: Snapshot, claim: Claim) -> bool:
    """Say whether the run that made a claim still holds the phase; an attempt without a result runs only that long.

    One that began after its run closed is of a task that was Cleared: the run goes on with it.
    """
    run = snapshot.run
    if run is None or claim.run != run.id:
        return False
    began = moment_if_any(claim.time)
    return not run.closed or (began is not None and began > moment(run.closed))


def _judged(verdict: Verdict, record: BranchRecord | None) -> AttemptStatus:
    became, reason = _fate(verdict, record)
    first = next((str(finding) for finding in verdict.findings if not finding.informs), verdict.reason)
    return AttemptStatus(
        attempt=verdict.attempt,
        outcome=verdict.outcome,
        became=became,
        why=reason or ("" if verdict.outcome == "passed" else first),
        source=verdict.source,
        agent=verdict.agent,
        name=verdict.name,
        commit=verdict.commit or verdict.raw,
        lines=verdict.lines,
        run=verdict.run,
        started=verdict.started,
        finished=verdict.finished,
        agent_seconds=verdict.timings.get("agent"),
        usage=verdict.usage,
        transcript=verdict.transcript,
    )


def _fate(verdict: Verdict, record: BranchRecord | None) -> tuple[Became, str]:
    """Return what the ledger says became of a passed attempt, and why."""
    if record is None or verdict.outcome != "passed":
        return "", ""
    if record.attempt == verdict.attempt:
        if record.state is State.INTEGRATED:
            return "integrated", ""
        if record.cause is None and record.state is State.ISOLATED:  # a ledger older than causes: only conflicts did it
            return "conflict", record.reason
        return (record.cause, record.reason) if record.cause and record.cause != "failed" else ("", "")
    if record.rejected == verdict.attempt:  # an earlier attempt stays integrated
        return "conflict", record.reason
    return "", ""


def _open(snapshot: Snapshot, number: int, claim: Claim | None, raw_commit: str | None) -> AttemptStatus:
    running = claim is not None and alive(snapshot, claim)
    return AttemptStatus(
        attempt=number,
        outcome="running" if running else "unfinished",
        why="" if running else "started, and no result came back",
        commit=raw_commit,
        run=claim.run if claim else "",
        started=claim.time if claim else "",
    )
