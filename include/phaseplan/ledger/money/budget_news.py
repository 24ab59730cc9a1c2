"""Find out which shared budgets are near their end, or spent, and have not been reported: each is reported once."""

from __future__ import annotations

import logging
import secrets
from typing import Literal

from phaseplan.errors import PhaseplanError
from phaseplan.ledger import refs
from phaseplan.ledger.money.budgets import SharedBudget, shared_budgets
from phaseplan.ledger.records import Record, now
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.write import read
from phaseplan.repository.objects import commit, read_objects, write_tree
from phaseplan.repository.remote import ROUNDS, Remote, Update, pause
from phaseplan.repository.repo import GitRepo

log = logging.getLogger(__name__)

Level = Literal["", "near", "spent"]
Mark = tuple[Level, str, str]  # what people were told, of which limit and, of a night, of which run
_NEAR = 0.8


class Reported(Record):
    """Hold what people were told, by budget."""

    version: Literal[1] = 1
    budgets: dict[str, Mark] = {}
    by: str = ""  # random: two tasks that would write the same at once must not both be told that they did


def level_of(shared: SharedBudget) -> Level:
    """Say how near its end a budget is, by what is used of it; what is only reserved may come back."""
    if any(shared.over(unit) for unit in shared.units):
        return "spent"
    return "near" if shared.share >= _NEAR else ""


def news(repo: GitRepo, remote: Remote, phase: int) -> tuple[SharedBudget, ...]:
    """Return the budgets that people have to hear of now, and write that down: of several tasks one is given them.

    A budget that was raised since, and the night of another run, are reported anew.
    """
    try:
        for round_ in range(ROUNDS):
            seen = read(repo, remote, phase, logs=False)
            old = _reported(repo, seen).budgets
            fresh = [s for s in shared_budgets(seen) if _is_new(old.get(s.name), _mark(seen, s))]
            if not fresh:
                return ()
            marks = old | {shared.name: _mark(seen, shared) for shared in fresh}
            reported = Reported(budgets=marks, by=secrets.token_hex(8))
            files = {"told.json": (reported.model_dump_json(indent=1) + "\n").encode()}
            made = commit(repo, write_tree(repo, files), [], f"Tell of budgets of phase {phase}\n", now())
            if remote.push(repo, [Update(refs.told(phase), made, seen.told)]):
                return tuple(fresh)
            pause(round_)
    except PhaseplanError as error:  # the branch has its verdict, and its task must not fail for this
        log.warning("Whether a budget is near its end could not be looked up: %s", error)
    return ()


def _mark(seen: Snapshot, shared: SharedBudget) -> Mark:
    """Describe what there is to tell of a budget."""
    run = seen.require_open().run.id if shared.name == "night" else ""
    return level_of(shared), str(shared.limit), run


def _is_new(old: Mark | None, mark: Mark) -> bool:
    """Say whether there is something to tell that people have not heard, or worse, of the same limit and night."""
    if not mark[0]:
        return False
    return old is None or old[1:] != mark[1:] or (old[0], mark[0]) == ("near", "spent")


def _reported(repo: GitRepo, seen: Snapshot) -> Reported:
    if seen.told is None:
        return Reported()
    name = f"{seen.told}:told.json"
    data = read_objects(repo, [name])[name]
    try:
        return Reported.model_validate_json(data or b"")
    except ValueError:
        return Reported()  # of another version, or written by hand
