"""List the engines that a phase's open attempts are on, and declare one gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phaseplan.ledger import refs
from phaseplan.ledger.records import now
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.repository.objects import commit, write_tree
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo


@dataclass(frozen=True)
class Placed:
    """Hold where an attempt without a verdict is.

    :param gone: whether a person has declared its engine gone.
    """

    branch: str
    attempt: int
    engine: str
    machine: str
    since: str
    gone: bool


def placed(snapshot: Snapshot) -> Iterator[Placed]:
    """Yield the attempts of a phase that have no verdict yet, with their engines."""
    for branch, claims in snapshot.started.items():
        judged = {verdict.attempt for verdict in snapshot.verdicts.get(branch, ())}
        for number, claim in claims.items():
            if claim.engine and number not in judged:
                where = (claim.engine, claim.machine, claim.time, claim.engine in snapshot.gone)
                yield Placed(branch, number, *where)


def declare_gone(repo: GitRepo, remote: Remote, phase: int, engine: str) -> bool:
    """Write down that an engine is gone with its agents; return False if that was written down already."""
    made = commit(repo, write_tree(repo, {}), [], f"Engine {engine} is gone\n", now())
    return remote.push(repo, [Update(refs.gone(phase, engine), made, None)])
