"""Move the record of a phase's delivery by compare-and-swap."""

from __future__ import annotations

from dataclasses import replace

from phaseplan.errors import Infrastructure
from phaseplan.ledger import refs
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.read import read
from phaseplan.ledger.records import changed, now
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.digest import sha256
from phaseplan.repository.objects import commit, write_tree
from phaseplan.repository.remote import ROUNDS, Remote, Update, pause
from phaseplan.repository.repo import GitRepo


def work_of(snapshot: Snapshot) -> str:
    """Return a digest of the branches' work that is integrated: the same after a mere merge of the base."""
    records = snapshot.folded().branches
    return sha256({b: r.verdict.commit or r.verdict.base for b, r in records.items() if r.verdict is not None})[:16]


def move_of(repo: GitRepo, snapshot: Snapshot, record: Delivered) -> Update:
    """Write the record; return the move of its ref from what the snapshot saw."""
    files = {"delivery.json": (record.model_dump_json(indent=1) + "\n").encode("utf-8", "replace")}
    made = commit(repo, write_tree(repo, files), [], f"Delivery of phase {snapshot.phase}\n", record.time or now())
    return Update(refs.delivery(snapshot.phase), made, snapshot.delivery_ref)


def keep(repo: GitRepo, remote: Remote, snapshot: Snapshot, record: Delivered) -> Snapshot:
    """Put the record into the target, whatever another process has recorded meanwhile: both have seen the forge.

    What an earlier pull request was merged as is known on, also by a delivery of another kind.
    """
    for round_ in range(ROUNDS):
        old = snapshot.delivery
        if old is not None and old.taken_head and not record.taken_head:
            record = changed(record, taken_head=old.taken_head, taken_as=old.taken_as)
        if old is not None and old.model_copy(update={"time": record.time}) == record:
            return snapshot
        move = move_of(repo, snapshot, record)
        if remote.push(repo, [move]):
            return replace(snapshot, delivery=record, delivery_ref=move.new)
        pause(round_)
        snapshot = read(repo, remote, snapshot.phase)
    raise Infrastructure(f"the record of the delivery of phase {snapshot.phase} on {remote} kept changing; try again")
