"""Move the ledger ref by compare-and-swap, the only way it ever moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from phaseplan.errors import Infrastructure
from phaseplan.ledger import refs
from phaseplan.ledger.read import read
from phaseplan.ledger.records import Ledger, Night, Pinned, State, changed, now
from phaseplan.ledger.run_history import history
from phaseplan.ledger.snapshot import Claim, Snapshot, fold
from phaseplan.ledger.status_log import ordered
from phaseplan.repository.objects import commit, write_tree
from phaseplan.repository.remote import ROUNDS, Remote, Update, pause
from phaseplan.repository.repo import GitRepo

__all__ = ["Change", "Claim", "Snapshot", "commit_ledger", "decided", "fold", "read", "update"]


@dataclass(frozen=True)
class Change:
    """What a mover of the ledger wants in it; `ledger` is made from `Snapshot.folded()`."""

    ledger: Ledger
    status_lines: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    pinned: Pinned | None = None  # None: as it was
    night: Night | None = None  # a run that has ended: one more line of the history


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
    """Compare-and-swap the ledger ref from what `snapshot` saw.

    The integration head and the run's base are parents of the ledger's commit, so the one push carries everything
    the derived refs will need, and whoever reads the ledger can go on from its base, wherever that branch is now.
    Existing log lines stay as they are. Where integration moves, its branch moves in the same push: the ledger never
    says of anything that it is integrated while the target refuses to have it.

    :return: False: somebody else moved the ledger; read again.
    :raises Refused, NameClash: the target will not have one of the two; neither moved.
    """
    kept_status, kept_blockers = snapshot.logged
    status = snapshot.status_lines[:kept_status] + ordered([*snapshot.status_lines[kept_status:], *status_lines])
    known = dict.fromkeys(snapshot.blockers[kept_blockers:])
    blocked = (*snapshot.blockers, *(line for line in blockers if line not in known))
    files = {
        "ledger.json": _json(decided(snapshot, ledger)),
        "plan.json": _json(pinned or snapshot.pinned),
        "status.log": _text(status),
        "blockers.log": _text(blocked),
        "folded": _text(sorted(snapshot.results)),
    }
    anchors = (ledger.integration, ledger.run.base if ledger.run else None)
    parents = list(dict.fromkeys(parent for parent in (snapshot.ledger_commit, *anchors) if parent))
    tree = write_tree(repo, files, kept=history(repo, snapshot.ledger_commit, night))
    new = commit(repo, tree, parents, f"Ledger of phase {ledger.phase}\n", now())
    moves = [Update(refs.ledger(ledger.phase), new, snapshot.ledger_commit)]
    if ledger.integration and ledger.integration != (snapshot.ledger.integration if snapshot.ledger else None):
        branch = refs.integration(ledger.phase)
        moves.append(Update(branch, ledger.integration, snapshot.heads.get(branch)))
    return remote.push(repo, moves)


def decided(snapshot: Snapshot, ledger: Ledger) -> Ledger:
    """A folded ledger as it is stored: that a branch runs decides nothing, so what was decided before still holds."""
    old = snapshot.ledger.branches if snapshot.ledger else {}
    kept = {b: old.get(b) if r.state is State.RUNNING else r for b, r in ledger.branches.items()}
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
        if commit_ledger(
            repo,
            remote,
            seen,
            wanted.ledger,
            status_lines=wanted.status_lines,
            blockers=wanted.blockers,
            pinned=wanted.pinned,
            night=wanted.night,
        ):
            return read(repo, remote, phase)
        pause(round_)
    raise Infrastructure(
        f"the ledger of phase {phase} on {remote} was moved by others {ROUNDS} times in a row; try again"
    )
