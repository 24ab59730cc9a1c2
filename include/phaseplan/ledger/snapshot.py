"""Hold one consistent look at a phase's refs and derive states from it. Pure: `read` reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from phaseplan.errors import Bug
from phaseplan.ledger import refs
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.money.usage import Allowance
from phaseplan.ledger.opened import OpenPhase, Unopened
from phaseplan.ledger.pause.pauses import Pause
from phaseplan.ledger.records import (
    BranchRecord,
    Cause,
    Ledger,
    Night,
    Pinned,
    RunRecord,
    State,
    Verdict,
    WaveRecord,
    changed,
)
from phaseplan.ledger.rulings import OUT, READY, STOPPED, ruling_of
from phaseplan.plan.graph import transitive
from phaseplan.plan.model import Branch


@dataclass(frozen=True)
class Claim:
    """A started attempt: the commit behind its ref, the workspace base W, who started it, from what, and where.

    :param engine: id of the engine that its container is on; empty: it was not written down.
    :param machine: name of that engine's machine, for people.
    """

    commit: str
    base: str
    claim: str
    run: str
    time: str
    inputs: dict[str, str] = field(default_factory=dict)  # see `attempt.inputs`; empty: nobody has written them down
    engine: str = ""
    machine: str = ""
    allowance: Allowance | None = None  # reserved from the phase's budget or the night's, where the plan has one


@dataclass(frozen=True)
class Snapshot:
    """A phase as its refs tell it. Status = ledger + results not yet folded."""

    phase: int
    opened: Unopened | OpenPhase = field(default_factory=Unopened)
    started: Mapping[str, Mapping[int, Claim]] = field(default_factory=dict)
    attempts: dict[str, dict[int, str]] = field(default_factory=dict)
    verdicts: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)  # by (attempt, gating)
    heads: dict[str, str] = field(default_factory=dict)  # all of refs/heads, by full name
    status_lines: tuple[str, ...] = ()  # the ledger's, then those of results not yet folded
    blockers: tuple[str, ...] = ()
    results: dict[str, str] = field(default_factory=dict)  # commit by `<branch>/<attempt>.<gating>`
    folded_results: frozenset[str] = frozenset()
    logged: tuple[int, int] | None = (0, 0)  # how many of these lines are the ledger's; None: they were not read
    refused: dict[str, str] = field(default_factory=dict)  # public names that the target would not take, and its words
    pauses: Mapping[str, Pause] = field(default_factory=dict)  # by profile; also those that have ended
    paused: Mapping[str, str] = field(default_factory=dict)  # commit of each pause, by its ref
    gone: Mapping[str, str] = field(default_factory=dict)  # engines that a person has declared gone, and their marks
    reserved: str | None = None  # commit of the newest start that reserved from the phase's budget
    told: str | None = None  # commit of what people were told of shared budgets
    delivery: Delivered | None = None  # where the phase was delivered to
    delivery_ref: str | None = None  # commit of that record
    nights: tuple[Night, ...] = ()  # runs that have ended, oldest first, where they were asked for
    _records: dict[str, BranchRecord | None] = field(default_factory=dict, init=False, compare=False, repr=False)

    def record(self, branch_id: str) -> BranchRecord | None:
        """Return a branch's record with its results folded in, without parsing records of other branches."""
        if branch_id not in self._records:
            known = self.stored(branch_id)
            self._records[branch_id] = _record(self, known, branch_id)
        return self._records[branch_id]

    @property
    def ledger(self) -> Ledger | None:
        """Return the ledger as it is stored; None: the phase was never opened."""
        return self.opened.ledger

    @property
    def run(self) -> RunRecord | None:
        """Return the run that holds the phase, or held it last; None: it was never opened."""
        return self.opened.run

    @property
    def pinned(self) -> Pinned | None:
        """Return plan and profiles of that run; None: the phase was never opened."""
        return self.opened.pinned

    def require_open(self) -> OpenPhase:
        """Return what runs have written down, for code that only runs after an opening.

        :raises Bug: the phase was never opened.
        """
        if isinstance(self.opened, Unopened):
            raise Bug(f"phase {self.phase} was never opened")
        return self.opened

    def stored(self, branch_id: str) -> BranchRecord | None:
        """Return what the ledger holds about a branch, as it is stored."""
        return self.opened.ledger.branches.get(branch_id) if self.opened.ledger else None

    @property
    def waves(self) -> dict[int, WaveRecord]:
        """Return how runs left the waves, by number."""
        return self.opened.ledger.waves if self.opened.ledger else {}

    def folded(self) -> Ledger:
        """Return the ledger with every result folded in."""
        return self._folded

    @cached_property
    def _folded(self) -> Ledger:
        return fold(self)

    def state(self, branch_id: str) -> State:
        """Return a branch's state; `blocked` by a dependency is not computed here."""
        record = self.record(branch_id)
        return record.state if record else State.PENDING

    def candidate(self, branch_id: str) -> Verdict | None:
        """Return the newest verdict if it passed and is neither integrated nor taken out."""
        verdicts = self.verdicts.get(branch_id, ())
        if not verdicts or verdicts[-1].outcome != "passed":
            return None
        record = self.stored(branch_id)
        if record and (
            (not _newer(record, verdicts[-1]) and record.state is not State.PASSED)
            or verdicts[-1].attempt <= record.rejected
        ):
            return None
        return verdicts[-1]

    def stopped(self, branch_id: str) -> bool:
        """Say whether integration took the branch out and no newer attempt has passed: its old verdict is of no use."""
        record = self.record(branch_id)
        return record is not None and record.state not in READY and record.cause in STOPPED

    def current(self, branch_id: str) -> Verdict | None:
        """Return the verdict that other branches build on: the candidate, or else the integrated one."""
        if (found := self.candidate(branch_id)) is not None:
            return found
        record = self.stored(branch_id)
        return record.verdict if record and record.state is State.INTEGRATED else None

    def verdict_of(self, branch_id: str, claim: str, run: str) -> Verdict | None:
        """Return the newest verdict that this very claim of this run has published."""
        own = [v for v in self.verdicts.get(branch_id, ()) if (v.claim, v.run) == (claim, run)]
        return own[-1] if own else None

    def next_attempt(self, branch: Branch) -> int:
        """Return 1 + the highest number that is started, kept, judged, or taken by a public name."""
        return max(self.next_own(branch), 1 + max(self.taken(branch), default=0))

    def next_own(self, branch: Branch) -> int:
        """Return 1 + the highest number that is started, kept or judged."""
        numbers = {*self.started.get(branch.id, ()), *self.attempts.get(branch.id, ())}
        return 1 + max(numbers | {v.attempt for v in self.verdicts.get(branch.id, ())}, default=0)

    def name_number(self, branch: Branch, attempt: int) -> int:
        """Return the number of an attempt's public name: its own, less those below it that were claimed and never ran.

        A worker that dies between its claim and its container leaves a number and nothing else.
        """
        kept, judged = self.attempts.get(branch.id, {}), {v.attempt for v in self.verdicts.get(branch.id, ())}
        begun = self.started.get(branch.id, {})
        empty = sum(1 for n in begun if n < attempt and n not in kept and n not in judged)
        return min(attempt, max(attempt - empty, 1 + max(self.taken(branch), default=0)))

    def taken(self, branch: Branch) -> dict[int, str]:
        """Map numbers to commits of the public names of a branch that exist."""
        # As `public_name` writes them: another spelling, `-v02` or `-v1`, is somebody else's branch.
        own = re.compile(re.escape(f"refs/heads/{branch.branch}") + r"(?:-v([2-9]|[1-9][0-9]{1,5}))?")
        found = ((own.fullmatch(ref), sha) for ref, sha in self.heads.items())
        return {int(match[1] or 1): sha for match, sha in found if match}

    def first_cause(self, branch_id: str) -> str | None:
        """Find the first dependency in merge order that is out (isolated, blocked, cancelled, unfinished)."""
        return next((d for d in self._needs(branch_id) if self.state(d) in OUT), None)

    def not_ready(self, branch_id: str) -> str | None:
        """Find the dependency that keeps a branch from starting: the first that is out, else the first not passed."""
        waiting = (d for d in self._needs(branch_id) if self.state(d) not in READY)
        return self.first_cause(branch_id) or next(waiting, None)

    def _needs(self, branch_id: str) -> tuple[str, ...]:
        return transitive(self.require_open().plan, branch_id)


def fold(snapshot: Snapshot) -> Ledger:
    """Add results not yet folded to the ledger. What is integrated stays so whatever a later attempt does."""
    old = snapshot.ledger or Ledger(id="", phase=snapshot.phase)
    ids = sorted({*old.branches, *snapshot.verdicts, *snapshot.started})
    records = {i: record for i in ids if (record := snapshot.record(i)) is not None}
    return changed(old, branches=records)


def _record(snapshot: Snapshot, record: BranchRecord | None, branch_id: str) -> BranchRecord | None:
    verdicts = snapshot.verdicts.get(branch_id, ())
    if record and record.state is State.RUNNING:
        record = None
    if verdicts and (record is None or _newer(record, verdicts[-1])):
        record = _judged(record, verdicts[-1])
    claimed = max(snapshot.started.get(branch_id, ()), default=0)
    seen = max([v.attempt for v in verdicts] + [record.attempt if record else 0])
    if claimed > seen and not (record and record.state is State.INTEGRATED):
        stopped = record if record and record.cause in STOPPED else None
        return BranchRecord(
            state=State.RUNNING,
            attempt=claimed,
            merge=stopped.merge if stopped else None,
            cause=stopped.cause if stopped else None,
            revert=stopped.revert if stopped else None,
        )
    return record


def _newer(record: BranchRecord, verdict: Verdict) -> bool:
    """Say whether a verdict is newer than what the record knows."""
    if record.verdict is None:
        return verdict.attempt >= record.attempt
    return (verdict.attempt, verdict.gating) > (record.attempt, record.gating)


def _judged(record: BranchRecord | None, verdict: Verdict) -> BranchRecord:
    if record and record.state is State.INTEGRATED:
        if verdict.outcome == "passed" or verdict.attempt <= record.rejected:
            return record
        reason = (
            f"attempt {verdict.attempt} {verdict.outcome}: {verdict.reason}; attempt {record.attempt} stays integrated"
        )
        return changed(record, reason=reason, rejected=verdict.attempt)
    reason = verdict.reason or next((str(f) for f in verdict.findings), "")
    return BranchRecord(
        state=ruling_of(verdict.outcome).state,
        attempt=verdict.attempt,
        gating=verdict.gating,
        commit=verdict.commit,
        reason="" if verdict.outcome == "passed" else reason,
        cause=_cause(record, verdict),
        verdict=verdict,
    )


def _cause(record: BranchRecord | None, verdict: Verdict) -> Cause | None:
    """Return why a branch is out. A branch that a merge threw out stays out until an attempt passes, because the next
    attempt starts from what the branch could not live with."""
    if verdict.outcome == "passed":
        return None
    thrown_out = record is not None and record.cause in STOPPED
    return record.cause if record and thrown_out else ruling_of(verdict.outcome).cause


def claimed_by(snapshot: Snapshot, branch_id: str, claim: str, run: str) -> tuple[int, Claim] | None:
    """Return the newest attempt that this very claim of this run has started, judged or not."""
    claims = snapshot.started.get(branch_id, {})
    return next(
        ((n, claims[n]) for n in sorted(claims, reverse=True) if (claims[n].claim, claims[n].run) == (claim, run)), None
    )


def names_to_withdraw(snapshot: Snapshot, branch: Branch, keep: int | None) -> dict[str, str]:
    """List public names (and their commits) of attempts that no longer count and whose work has its own ref."""
    found: dict[str, str] = {}
    for verdict in snapshot.verdicts.get(branch.id, ()):
        if verdict.source == "person":
            continue  # a person's name is a person's business
        ref = f"refs/heads/{verdict.name or refs.public_name(branch, verdict.attempt)}"
        kept = verdict.attempt in snapshot.attempts.get(branch.id, {})
        if verdict.attempt != keep and kept and verdict.commit and snapshot.heads.get(ref) == verdict.commit:
            found[ref] = verdict.commit
    return found
