"""Read the phases of this installation's targets: their old attempts, and which of their attempts are done with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from phaseplan.cli.housekeeping.items import Item
from phaseplan.cli.sources.reading import repository_of
from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import last_repository, settings
from phaseplan.containers.labels import Labels
from phaseplan.errors import Infrastructure
from phaseplan.ledger.keeping.old_attempts import OldAttempt, free, old_attempts, reason_to_keep_all
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import moment
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.write import read
from phaseplan.plan.campaign import load_valid
from phaseplan.repository.remote import Remote

_LEDGER = re.compile(r"refs/phaseplan/phase-(0|[1-9][0-9]{0,8})/ledger")


@dataclass
class Phases:
    """Hold what was read.

    :param ledgers: what is known of each phase, by the id of its ledger.
    :param notes: why something was left alone.
    """

    ledgers: dict[str, Snapshot] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def done(self, labels: Labels) -> bool | None:
        """Say whether what has these labels is done with: its attempt has a verdict, or it was a wave's.

        :return: None: its phase is none of these, or is open.
        """
        snapshot = self.ledgers.get(labels.ledger)
        if snapshot is None or isinstance(snapshot.opened, Unopened) or snapshot.opened.run.closed is None:
            return None
        known = {*snapshot.started, *snapshot.attempts, *snapshot.verdicts, *snapshot.opened.plan.by_id}
        verdicts = snapshot.verdicts.get(labels.branch, ())
        return labels.branch not in known or any(verdict.attempt == labels.attempt for verdict in verdicts)


def targets(given: str | None) -> list[str]:
    """Return the addresses of the targets to look at: the given one, else those of all plans and settings."""
    if given:
        return [repository_of(given, None)]
    configured = settings()
    plans = [loaded.plan for loaded in load_valid(plan_files(configured.plans), configured.agents).plans]
    own = [repository_of(None, plan) for plan in plans if plan.repository or configured.repository]
    if named := configured.repository_override or configured.repository or last_repository():
        own.append(repository_of(named, None))
    return list(dict.fromkeys(own))


def look(urls: list[str], before: datetime) -> Phases:
    """Read every phase of some targets; one that cannot be read is a note, and nothing of it is touched."""
    found = Phases()
    for url in urls:
        remote = Remote(url)
        try:
            for snapshot, old in _old(remote, before):
                opened = snapshot.opened
                if not isinstance(opened, Unopened):
                    found.ledgers[opened.ledger.id] = snapshot
                if why := reason_to_keep_all(snapshot):
                    found.notes.append(f"phase {snapshot.phase} of {remote} {why}: its attempts stay")
                found.items += [_item(remote, snapshot, attempt) for attempt in old]
        except Infrastructure as error:
            found.notes.append(f"not looked at: {error}")
    return found


def _old(remote: Remote, before: datetime) -> Iterator[tuple[Snapshot, list[OldAttempt]]]:
    """Yield the phases of a target with their old attempts; only refs of phases are fetched."""
    with remote.private(state=settings().state) as repo:
        held = remote.refs(repo=repo)
        for phase in sorted(int(match[1]) for ref in held if (match := _LEDGER.fullmatch(ref))):
            snapshot = read(repo, remote, phase, logs=False, listed=held)
            yield snapshot, list(old_attempts(repo, snapshot, held, before))


def _item(remote: Remote, snapshot: Snapshot, old: OldAttempt) -> Item:
    name = f"attempt {old.attempt} of {old.branch}, {old.outcome}"
    when = moment(old.finished)
    return Item("attempt", name, f"phase {snapshot.phase}", when, 0, partial(_free, remote, snapshot, old))


def _free(remote: Remote, snapshot: Snapshot, old: OldAttempt) -> bool:
    with remote.private(state=settings().state) as repo:
        return free(repo, remote, snapshot, old)
