"""Find attempts that nothing needs any more, and delete their refs: start, work, what lay beside it, results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from phaseplan.ledger import refs
from phaseplan.ledger.opened import OpenPhase, Unopened
from phaseplan.ledger.records import Ledger, Verdict, moment
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo

_KINDS = re.compile(r"(?:started|attempts|beside|results)/([^/]+)/([1-9][0-9]{0,8})(?:\.[1-9][0-9]{0,8})?")


@dataclass(frozen=True)
class OldAttempt:
    """Hold an attempt that nothing needs, with its refs and their commits."""

    branch: str
    attempt: int
    outcome: str
    finished: str
    refs: Mapping[str, str]


def reason_to_keep_all(snapshot: Snapshot) -> str:
    """Say why every attempt of a phase is needed; empty: not every one is."""
    if isinstance(snapshot.opened, Unopened):
        return "was never opened"
    if snapshot.opened.run.closed is None:
        return f"has the open run {snapshot.opened.run.id}"
    if snapshot.opened.plan.budget is not None:
        return "has a budget that its branches share, which counts every attempt"
    return ""


def old_attempts(repo: GitRepo, snapshot: Snapshot, held: Mapping[str, str], before: datetime) -> Iterator[OldAttempt]:
    """Yield the attempts of a phase that were judged before a time and that nothing needs.

    Needed are: what has no verdict; of each branch the newest attempt, the newest that says something about its work,
    and the one that counts; what is integrated, also by an earlier night; what a branch of the target points at; and
    what the ledger has not taken over yet.

    :param held: all refs of the target.
    """
    if reason_to_keep_all(snapshot):
        return
    opened = snapshot.require_open()
    found: dict[tuple[str, int], dict[str, str]] = {}
    for ref, commit in held.items():
        if match := _KINDS.fullmatch(ref.removeprefix(f"{refs.root(snapshot.phase)}/")):
            found.setdefault((match[1], int(match[2])), {})[ref] = commit
    named = {*snapshot.heads.values(), *_named(opened.ledger)}
    for (branch, number), own in sorted(found.items()):
        last = _last(snapshot, branch, number)
        if last is None or number in _needed(snapshot, opened, branch) or _age(last) >= before:
            continue
        work = {c for v in snapshot.verdicts[branch] if v.attempt == number for c in (v.raw, v.commit) if c}
        if not work & named and not any(opened.commit and repo.is_ancestor(each, opened.commit) for each in work):
            yield OldAttempt(branch, number, last.outcome, last.finished, own)


def free(repo: GitRepo, remote: Remote, snapshot: Snapshot, old: OldAttempt) -> bool:
    """Delete the refs of an attempt in one push; return False if the phase has moved since it was read."""
    tip, ledger = snapshot.require_open().commit, refs.ledger(snapshot.phase)
    moves = [Update(ref, None, commit) for ref, commit in old.refs.items()]
    return remote.push(repo, [Update(ledger, tip, tip, must=True), *moves])


def _needed(snapshot: Snapshot, opened: OpenPhase, branch: str) -> set[int]:
    """Return the numbers of attempts of a branch on which a later run could build, or from which it counts on."""
    verdicts, record = snapshot.verdicts[branch], snapshot.record(branch)
    numbers = {*snapshot.started.get(branch, ()), *snapshot.attempts.get(branch, ()), *(v.attempt for v in verdicts)}
    tells = max((v.attempt for v in verdicts if v.outcome in ("failed", "passed")), default=0)
    counts = (record, opened.ledger.branches.get(branch), snapshot.current(branch))
    needed = {max(numbers), tells, *(each.attempt for each in counts if each is not None)}
    folded = snapshot.folded_results
    return needed | {v.attempt for v in verdicts if f"{branch}/{v.attempt}.{v.gating}" not in folded}


def _last(snapshot: Snapshot, branch: str, number: int) -> Verdict | None:
    return next((v for v in reversed(snapshot.verdicts.get(branch, ())) if v.attempt == number), None)


def _age(verdict: Verdict) -> datetime:
    """Return when an attempt was judged; one of which that is not known counts as new."""
    try:
        return moment(verdict.finished)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _named(ledger: Ledger) -> Iterator[str]:
    """Yield the commits of work that the ledger names."""
    for record in ledger.branches.values():
        yield from filter(None, (record.commit, record.merge, record.verdict and record.verdict.raw))
