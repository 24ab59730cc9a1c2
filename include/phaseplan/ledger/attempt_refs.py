"""Write the refs of one branch's attempts, each created once; a lost race means stale, or the next number."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from phaseplan.errors import Infrastructure, Stale
from phaseplan.ledger import refs
from phaseplan.ledger.claiming import NewAttempt, claim_attempt, start_attempt
from phaseplan.ledger.name_clashes import in_the_way, name_of
from phaseplan.ledger.pause.pausing import EndReport
from phaseplan.ledger.records import Verdict, now
from phaseplan.ledger.snapshot import names_to_withdraw
from phaseplan.ledger.write import Snapshot, read
from phaseplan.plan.model import Branch
from phaseplan.repository.objects import commit, write_tree
from phaseplan.repository.refusals import NameClash, Refused, clash
from phaseplan.repository.remote import ROUNDS, Remote, Update, lost, pause
from phaseplan.repository.repo import GitRepo

__all__ = [
    "Named",
    "NewAttempt",
    "claim_attempt",
    "keep_attempt",
    "keep_first",
    "named",
    "publish_name",
    "publish_result",
    "start_attempt",
    "still_there",
]

_STUCK = 8  # pushes of the very same moves that lose to nobody


def keep_attempt(
    repo: GitRepo, remote: Remote, phase: int, branch_id: str, number: int, commit: str, *more: Update
) -> str:
    """Keep what an attempt produced, good or bad.

    :param more: refs that are created with it in the same push, or not at all where it is there already.
    :return: what is kept under this number: `commit`, or what another process has collected before (a worker that
        was given up may still run beside its successor; both collect the same volume, and the first stands).
    :raises Refused: the target will not have one of them.
    """
    ref = refs.attempt(phase, branch_id, number)
    if more and remote.push(repo, [Update(ref, commit, None), *more]):
        return commit
    return keep_first(repo, remote, ref, commit)


def keep_first(repo: GitRepo, remote: Remote, ref: str, commit: str) -> str:
    """Create a ref; return what it points at afterwards: `commit`, or what another process has put there before."""
    if remote.push(repo, [Update(ref, commit, None)]):
        return commit
    held = remote.refs(ref, repo=repo)[ref]  # created once: it stays what it is
    remote.take(repo, [ref], [held])
    return held


def publish_result(
    repo: GitRepo,
    remote: Remote,
    verdict: Verdict,
    judged: str | None,
    status_lines: Sequence[str] = (),
    blockers: Sequence[str] = (),
    *,
    kept: str | None = None,
    report: EndReport | None = None,
    snapshot: Snapshot | None = None,
    branch: Branch | None = None,
) -> Verdict:
    """Publish a verdict under its number; its parent is the judged commit, or the workspace base.

    :param kept: the work under the attempt's ref, which must be there for the result to be taken: the reader of a
        result may throw away the workspace.
    :param report: what the attempt's end makes of its profile's pause; that moves with the result, or neither does.
    :param snapshot: what this task has read, for the report to begin from.
    :param branch: one that passed gets its public name in the same push, if nothing that was read is against it; where
        the target has an objection, the result goes alone. `named` looks at it afterwards either way.
    :return: the verdict that stands: an earlier one of the same claim does, whatever it says.
    :raises Stale: another claim has judged this attempt.
    :raises Lost: the work is not there; collected again, it is kept again.
    """
    made = _result(repo, verdict, judged or verdict.base, status_lines, blockers)
    ref = refs.result(verdict.phase, verdict.branch, verdict.attempt, verdict.gating)
    work = refs.attempt(verdict.phase, verdict.branch, verdict.attempt)
    moves = [Update(ref, made, None), *([Update(work, kept, kept, must=True)] if kept else [])]
    name = _free_name(snapshot, branch, verdict) if snapshot and branch else None
    for round_ in range(ROUNDS):
        beside = report(snapshot) if report and snapshot else None
        if _pushed(repo, remote, [*moves, *([beside] if beside else [])], name if round_ == 0 else None):
            return verdict
        snapshot = read(repo, remote, verdict.phase, logs=False)
        standing = _standing(snapshot, verdict)
        if standing and (standing.claim, standing.run) == (verdict.claim, verdict.run):
            return standing
        if not standing and kept and snapshot.attempts.get(verdict.branch, {}).get(verdict.attempt) != kept:
            raise lost(remote, [work])
        if standing or beside is None:
            break
        pause(round_)  # another branch was faster with the pause
    raise Stale(f"{verdict.branch}: attempt {verdict.attempt} was already judged under another claim ({ref})")


def _free_name(snapshot: Snapshot, branch: Branch, verdict: Verdict) -> Update | None:
    """Return the move that gives a passed commit its public name; None: that takes a closer look, see `named`."""
    ref = name_of(branch, verdict) if verdict.outcome == "passed" else ""
    if not ref or verdict.source == "person" or ref in snapshot.heads or in_the_way(ref, snapshot.heads):
        return None
    overtaken = any(number > verdict.attempt for number in snapshot.started.get(branch.id, ()))
    return None if overtaken else Update(ref, verdict.commit, None)


def _pushed(repo: GitRepo, remote: Remote, moves: list[Update], name: Update | None) -> bool:
    """Push a result with its name; without it where the target has not taken both."""
    with suppress(Refused, NameClash):
        if name and remote.push(repo, [*moves, name]):
            return True
    return remote.push(repo, moves)


def _result(repo: GitRepo, verdict: Verdict, parent: str, status_lines: Sequence[str], blockers: Sequence[str]) -> str:
    """Make the commit of a result."""
    files = {
        "verdict.json": (verdict.model_dump_json(indent=1) + "\n").encode("utf-8", "replace"),
        "status.log": "".join(f"{line}\n" for line in status_lines).encode("utf-8", "replace"),
        "blockers.log": "".join(f"{line}\n" for line in blockers).encode("utf-8", "replace"),
    }
    title = f"Result {verdict.branch} {verdict.attempt}.{verdict.gating}: {verdict.outcome}\n"
    return commit(repo, write_tree(repo, files), [parent], title, now())


def _standing(snapshot: Snapshot, verdict: Verdict) -> Verdict | None:
    """Find the verdict that has the number of another."""
    number = (verdict.attempt, verdict.gating)
    return next((v for v in snapshot.verdicts.get(verdict.branch, ()) if (v.attempt, v.gating) == number), None)


def still_there(repo: GitRepo, remote: Remote, verdict: Verdict) -> None:
    """Look whether the target holds a result, where no name is given that would make one look.

    :raises Lost: it does not; the next try of the task judges and pushes again.
    """
    remote.see(repo, {refs.result(verdict.phase, verdict.branch, verdict.attempt, verdict.gating): None})


@dataclass(frozen=True)
class Named:
    """Hold whether a verdict has its public name, and the phase after that."""

    has_name: bool
    snapshot: Snapshot


def publish_name(repo: GitRepo, remote: Remote, branch: Branch, verdict: Verdict) -> bool:
    """Give a passed commit its public name; see `named`."""
    return named(repo, remote, branch, verdict).has_name


def named(repo: GitRepo, remote: Remote, branch: Branch, verdict: Verdict) -> Named:
    """Give a passed commit its public name after its result is published; withdraw its older names in the same push.

    Looked at again after the push: of two attempts that passed at the same time, the later one sees both.

    :return: not `has_name`: the name points at other work and is left alone.
    :raises Lost: the target has not got the result that it said it took.
    :raises NameClash: another branch of the target is in the way of it.
    :raises Refused: the target will not have it.
    :raises Stale: another attempt counts by now, or this one was taken out; its name is withdrawn.
    """
    ref = name_of(branch, verdict)
    tried: list[list[Update]] = []
    for round_ in range(ROUNDS):
        snapshot = read(repo, remote, verdict.phase, logs=False)
        if not _recorded(snapshot, verdict):
            raise lost(remote, [refs.result(verdict.phase, verdict.branch, verdict.attempt, verdict.gating)])
        theirs = verdict.source == "person" and ref in snapshot.heads  # it stays where the person put it
        counts = snapshot.current(branch.id)
        newest = counts is not None and counts.attempt == verdict.attempt
        if newest and not theirs and snapshot.heads.get(ref, verdict.commit) != verdict.commit:
            return Named(False, snapshot)
        gone = names_to_withdraw(snapshot, branch, counts.attempt if counts else None)
        gone = {name: old for name, old in gone.items() if newest or name == ref}  # others' are none of a stale one's
        moves = [Update(name, None, old) for name, old in gone.items() if name != ref or not newest]
        if newest and ref not in snapshot.heads:
            if (other := in_the_way(ref, snapshot.heads.keys() - gone.keys())) is not None:
                raise clash(str(remote), ref, other)
            moves.append(Update(ref, verdict.commit, None))
        if not moves and newest:
            return Named(True, snapshot)
        if not moves:
            raise Stale(
                f"{verdict.branch}: attempt {verdict.attempt} passed, and no longer counts; {ref} is not its name"
            )
        tried.append(moves)
        if tried.count(moves) > _STUCK:
            raise Infrastructure(
                f"{verdict.branch}: {remote} does not take {ref}, {_STUCK} times in a row, though nobody moved it; "
                "a case-insensitive disk with a branch of the same letters does that"
            )
        if not remote.push(repo, moves):
            pause(round_)
    raise Infrastructure(f"{verdict.branch}: the name {ref} on {remote} kept changing; try again")


def _recorded(snapshot: Snapshot, verdict: Verdict) -> bool:
    """Say whether a result has its ref, or the ledger has taken it over."""
    record = snapshot.stored(verdict.branch)
    folded = record is not None and (record.attempt, record.gating) >= (verdict.attempt, verdict.gating)
    return folded or f"{verdict.branch}/{verdict.attempt}.{verdict.gating}" in snapshot.results
