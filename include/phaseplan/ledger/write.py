"""Move the ledger ref by compare-and-swap, the only way it ever moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic import BaseModel

from phaseplan.errors import Bug, Infrastructure, Lasting
from phaseplan.ledger import refs
from phaseplan.ledger.read import read
from phaseplan.ledger.records import Ledger, Night, Pinned, State, changed, now
from phaseplan.ledger.run_history import history
from phaseplan.ledger.snapshot import Claim, Snapshot, fold
from phaseplan.ledger.status_log import ordered
from phaseplan.repository.objects import commit, write_tree
from phaseplan.repository.remote import ROUNDS, Remote, Update, lost, pause
from phaseplan.repository.repo import GitRepo

__all__ = ["Change", "Claim", "Snapshot", "commit_ledger", "decided", "fold", "moved", "read", "update"]


@dataclass(frozen=True)
class Change:
    """Hold what a move of the ledger puts into it; `ledger` is made from `Snapshot.folded()`."""

    ledger: Ledger
    status_lines: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    pinned: Pinned | None = None  # None: as it was
    night: Night | None = None  # a run that has ended: one more line of the history
    trial: str | None = None  # a commit: integration is made there and taken away again, to hear what the target says


def moved(repo: GitRepo, remote: Remote, snapshot: Snapshot, change: Change) -> Snapshot | None:
    """Compare-and-swap the ledger; return the snapshot after it. None: another process moved it; read again.

    :raises Refused, NameClash: as `commit_ledger`.
    :raises Lost: the target said that it took the ledger and has not got it.
    """
    moves = _moves(repo, snapshot, change)
    if not remote.push(repo, moves):
        return None
    if tried := [move for move in moves if change.trial and move.new == change.trial]:
        _take_back(repo, remote, tried)
    seen = read(repo, remote, snapshot.phase)
    if seen.opened.commit is None or not repo.is_ancestor(str(moves[0].new), seen.opened.commit):
        raise lost(remote, [refs.ledger(snapshot.phase)])
    return seen


def commit_ledger(
    repo: GitRepo,
    remote: Remote,
    snapshot: Snapshot,
    ledger: Ledger,
    *,
    status_lines: Sequence[str] = (),
    blockers: Sequence[str] = (),
    pinned: Pinned | None = None,
    night: Night | None = None,
) -> bool:
    """Compare-and-swap the ledger ref from what `snapshot` saw; `moved` also reads the result.

    :return: False: another process moved the ledger; read again.
    :raises Refused, NameClash: the target will not have the ledger or integration; neither moved.
    """
    change = Change(ledger, tuple(status_lines), tuple(blockers), pinned, night)
    return remote.push(repo, _moves(repo, snapshot, change))


def _moves(repo: GitRepo, snapshot: Snapshot, change: Change) -> list[Update]:
    """Make the ledger's commit; return its move first, then that of integration where it moves.

    The integration head and the run's base are parents of the ledger's commit, so the one push carries everything
    the derived refs will need, and a reader of the ledger can go on from its base, wherever that branch is now.
    Existing log lines stay as they are. Where integration moves, its branch moves in the same push: the ledger never
    says of anything that it is integrated while the target refuses to have it.
    """
    ledger = change.ledger
    if snapshot.logged is None:
        raise Bug(f"the ledger of phase {snapshot.phase} was to be written by somebody who has not read its logs")
    kept_status, kept_blockers = snapshot.logged
    status = snapshot.status_lines[:kept_status] + ordered([*snapshot.status_lines[kept_status:], *change.status_lines])
    known = dict.fromkeys(snapshot.blockers[kept_blockers:])
    blocked = (*snapshot.blockers, *(line for line in change.blockers if line not in known))
    files = {
        "ledger.json": _json(decided(snapshot, ledger)),
        "plan.json": _json(change.pinned or snapshot.pinned),
        "status.log": _text(status),
        "blockers.log": _text(blocked),
        "folded": _text(sorted(snapshot.results)),
    }
    anchors = (ledger.integration, ledger.run.base if ledger.run else None)
    parents = list(dict.fromkeys(parent for parent in (snapshot.opened.commit, *anchors) if parent))
    tree = write_tree(repo, files, kept=history(repo, snapshot.opened.commit, change.night))
    new = commit(repo, tree, parents, f"Ledger of phase {ledger.phase}\n", now())
    moves = [Update(refs.ledger(ledger.phase), new, snapshot.opened.commit)]
    if ledger.integration and ledger.integration != (snapshot.ledger.integration if snapshot.ledger else None):
        branch = refs.integration(ledger.phase)
        moves.append(Update(branch, ledger.integration, snapshot.heads.get(branch)))
    elif change.trial and refs.integration(ledger.phase) not in snapshot.heads:
        moves.append(Update(refs.integration(ledger.phase), change.trial, None))
    return moves


def _take_back(repo: GitRepo, remote: Remote, trial: list[Update]) -> None:
    """Remove what was made on trial. If the target forbids deleting, it stays, and integration goes on from there."""
    with suppress(Lasting):
        remote.push(repo, [Update(move.ref, None, move.new) for move in trial])


def decided(snapshot: Snapshot, ledger: Ledger) -> Ledger:
    """Return a folded ledger as it is stored: that a branch runs decides nothing, so what was decided before still
    holds."""
    kept = {b: snapshot.stored(b) if r.state is State.RUNNING else r for b, r in ledger.branches.items()}
    return changed(ledger, branches={b: r for b, r in kept.items() if r is not None})


def _json(record: BaseModel | None) -> bytes:
    data = record.model_dump(mode="json", by_alias=True) if record else None
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def update(
    repo: GitRepo,
    remote: Remote,
    phase: int,
    change: Callable[[Snapshot], Change | None],
    *,
    snapshot: Snapshot | None = None,
) -> Snapshot:
    """Apply a change to the newest ledger, as often as it takes to win the race.

    :param change: pure but for objects it writes; None: nothing to change.
    :param snapshot: where to begin instead of a fresh read.
    :return: the snapshot after the change (the given one, or the one read, where there was none).
    """
    for round_ in range(ROUNDS):
        seen = snapshot or read(repo, remote, phase)
        snapshot = None
        wanted = change(seen)
        if wanted is None:
            return seen
        if (after := moved(repo, remote, seen, wanted)) is not None:
            return after
        pause(round_)
    raise Infrastructure(
        f"the ledger of phase {phase} on {remote} was moved by others {ROUNDS} times in a row; try again"
    )
