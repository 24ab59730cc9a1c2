"""Claim the number of an attempt, with what it reserves from shared budgets, in one push or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from phaseplan.errors import Infrastructure, Stale
from phaseplan.ledger import refs
from phaseplan.ledger.money.usage import Allowance
from phaseplan.ledger.pause.pausing import Admission
from phaseplan.ledger.records import now
from phaseplan.ledger.snapshot import claimed_by
from phaseplan.ledger.write import Snapshot, read
from phaseplan.plan.model import Branch
from phaseplan.repository.objects import commit, tree_of
from phaseplan.repository.remote import ROUNDS, Remote, Update, pause
from phaseplan.repository.repo import GitRepo


@dataclass(frozen=True)
class Claimed:
    """Hold a number that is taken, what its attempt may use where that is shared, and the phase just before."""

    number: int
    allowance: Allowance | None
    seen: Snapshot


@dataclass(frozen=True)
class NewAttempt:
    """Describe an attempt that a task is about to begin.

    :param base: the workspace that its agent starts from.
    :param inputs: what its agent works from (`attempt.inputs`), so that a later run can tell whether it would give the
        agent the same task.
    :param place: `engine` and `machine` of the `snapshot.Claim`; an engine that starts agents is not gone any more.
    """

    phase: int
    branch: Branch
    base: str
    claim: str
    run: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """Return what the message of its start says, before what it reserves."""
        more = {"inputs": dict(self.inputs)} if self.inputs else {}
        return {"claim": self.claim, "run": self.run, "time": now(), **more, **self.place}


def claim_attempt(
    repo: GitRepo,
    remote: Remote,
    new: NewAttempt,
    snapshot: Snapshot | None = None,
    admission: Admission | None = None,
) -> int:
    """Take the next free number for an attempt that uses nothing of a budget; see `claimed`."""
    return claimed(repo, remote, new, snapshot, admission).number


def claimed(
    repo: GitRepo,
    remote: Remote,
    new: NewAttempt,
    snapshot: Snapshot | None = None,
    admission: Admission | None = None,
    reserve: Callable[[Snapshot], Allowance | None] = lambda _: None,
) -> Claimed:
    """Take the next free number for an attempt, before its container starts.

    Doing it again under the same claim, run and base gives the same number while it has no verdict.

    :param snapshot: what this task has read, to begin from; it is read again if another process took the number since.
    :param admission: whether an agent may ask its provider now; its move comes with the claim, or neither.
    :param reserve: decides by a snapshot what the attempt may use of shared budgets; what it raises goes through.
    :raises Stale: another run holds the ledger.
    :raises Paused: the agent's profile is paused; nothing was claimed.
    """
    branch, run = new.branch, new.run
    for round_ in range(ROUNDS):
        seen, snapshot = snapshot or read(repo, remote, new.phase, logs=False), None
        holder = seen.run.id if seen.run else run
        if holder != run:  # a run that another has taken over from would overtake that one's attempts
            raise Stale(
                f"{branch.id}: run {run} no longer holds phase {new.phase}, run {holder} does; nothing was claimed"
            )
        if (own := _open_claim(seen, new)) is not None:
            if admission is not None:
                admission.enter(remote, seen, own)
            return Claimed(own, seen.started[branch.id][own].allowance, seen)
        number = seen.next_attempt(branch)
        moves = (admission(seen, number) if admission is not None else None, _back(seen, new.place))
        beside = [move for move in moves if move]
        reservation = Reservation(allowance, seen.reserved) if (allowance := reserve(seen)) else None
        if start_attempt(repo, remote, new, number, beside, reservation):
            return Claimed(number, allowance, seen)
        pause(round_)
    raise Infrastructure(f"{branch.id}: {ROUNDS} attempt numbers in a row were taken by others on {remote}")


def _back(seen: Snapshot, place: Mapping[str, str]) -> Update | None:
    """Return the move that takes back what was said of an engine that is there again."""
    engine = place.get("engine", "")
    return Update(refs.gone(seen.phase, engine), None, seen.gone[engine]) if engine in seen.gone else None


@dataclass(frozen=True)
class Reservation:
    """Hold what an attempt reserves, and the newest reservation that was known when that was decided."""

    allowance: Allowance
    after: str | None


def start_attempt(
    repo: GitRepo,
    remote: Remote,
    new: NewAttempt,
    number: int,
    beside: Sequence[Update] = (),
    reservation: Reservation | None = None,
) -> bool:
    """Claim one number for an attempt; return False if another process has it.

    The target is read again before this returns: the caller starts an agent, which is paid, because of the answer.

    :param beside: other refs that move with it, or none does.
    :param reservation: made in the same push, compare-and-swap: False also if another attempt has reserved meanwhile.
    :raises Lost: the target said that it took the claim and has not got it.
    """
    record, parents, moves = new.record, [new.base], [*beside]
    if reservation:
        record["allowance"] = reservation.allowance.model_dump(exclude_defaults=True)
        parents += [reservation.after] if reservation.after else []
    message = f"Start {new.branch.id} attempt {number}\n\n{json.dumps(record, sort_keys=True)}\n"
    mark = commit(repo, tree_of(repo, new.base), parents, message, now())
    ref = refs.started(new.phase, new.branch.id, number)
    moves += [Update(refs.budget(new.phase), mark, reservation.after)] if reservation else []
    if not remote.push(repo, [Update(ref, mark, None), *moves]):
        return False
    remote.see(repo, {ref: mark})
    return True


def _open_claim(snapshot: Snapshot, new: NewAttempt) -> int | None:
    found = claimed_by(snapshot, new.branch.id, new.claim, new.run)
    judged = {v.attempt for v in snapshot.verdicts.get(new.branch.id, ())}
    return found[0] if found and found[1].base == new.base and found[0] not in judged else None
