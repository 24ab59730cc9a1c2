"""Predict merge conflicts between unfinished branches by trial merges; store nothing.

Everything here is advice. What agents pushed is merged and named, so whatever goes wrong is logged and forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phaseplan.errors import PhaseplanError
from phaseplan.ledger.records import Record, State
from phaseplan.ledger.rulings import OUT
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.merging.chain import Head, predict
from phaseplan.merging.regenerate import remakable
from phaseplan.merging.workspace import union_paths
from phaseplan.plan.graph import merge_order, transitive
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.objects import changes
from phaseplan.repository.repo import GitRepo
from phaseplan.text.clean import clean, path_text

log = logging.getLogger(__name__)

INTEGRATION = "integration"  # stands where a branch id does, for all that is integrated
_MOST = 64  # branches compared each with each, 2,016 pairs; a plan that has more under way is told about the first
_OTHERS = 256  # branches that one is compared with: as many trial merges
_SHOWN = 5  # paths of one line


class EarlyWarning(Record):
    """Two that would conflict. The second comes later in plan order and would be isolated."""

    branches: tuple[str, str]  # the first may be INTEGRATION
    paths: tuple[str, ...]

    def __str__(self) -> str:
        first, second = self.branches
        where = _some(self.paths)
        if first == INTEGRATION:
            return f"EARLY WARNING: {second} conflicts with what is integrated in {where}; it would be isolated"
        return (
            f"EARLY WARNING: {first} and {second} conflict in {where}; "
            f"{second} is later in plan order and would be isolated"
        )


@dataclass(frozen=True)
class _Work:
    """The newest commit of a branch that is not integrated, and the commit that work began from."""

    branch: str
    base: str
    commit: str


def warnings(repo: GitRepo, snapshot: Snapshot, plan: PhasePlan, base: str) -> tuple[EarlyWarning, ...]:
    """Predict which branches under way would conflict with each other, or with what is integrated.

    :param repo: has the commits of `snapshot`, as `ledger.read` leaves it.
    :param base: the commit of the base that the run pinned.
    :return: in plan order; empty where nothing can be told.
    """
    try:
        return tuple(_pairs(repo, snapshot, plan, base, _first(_under_way(snapshot, plan), _MOST)))
    except (PhaseplanError, OSError, ValueError) as error:
        log.warning("Conflicts cannot be predicted now: %s", clean(str(error)[:500]))
        return ()


def warnings_about(
    repo: GitRepo, snapshot: Snapshot, plan: PhasePlan, base: str, branch_id: str
) -> tuple[EarlyWarning, ...]:
    """Predict only the conflicts in which one branch has a part.

    It is merged with every other one, and they are not with each other: what one task asks for grows with the phase,
    not with its square.
    """
    try:
        works = _under_way(snapshot, plan)
        mine = next((work for work in works if work.branch == branch_id), None)
        return tuple(_against(repo, snapshot, plan, base, mine, works)) if mine else ()
    except (PhaseplanError, OSError, ValueError) as error:
        log.warning("Conflicts of %s cannot be predicted now: %s", branch_id, clean(str(error)[:500]))
        return ()


def for_brief(repo: GitRepo, snapshot: Snapshot, plan: PhasePlan, branch: Branch, base: str) -> tuple[str, ...]:
    """Write lines for an agent's brief: what it should know of the other branches before it starts.

    :param base: the commit of the base that the run pinned.
    :return: conflicts of its own earlier attempt; files it may change that others have changed already.
    """
    try:
        works = _under_way(snapshot, plan)
        others = _first([work for work in works if work.branch != branch.id], _OTHERS)
        mine = _newest(snapshot, branch.id) if snapshot.state(branch.id) is not State.INTEGRATED else None
        lines = []
        if mine is not None:
            found = _against(repo, snapshot, plan, base, mine, others)
            lines = [_of_mine(branch.id, warning) for warning in found]
        return (*lines, *_met(repo, plan, branch, others))
    except (PhaseplanError, OSError, ValueError) as error:
        log.warning("%s starts without a look at the others: %s", branch.id, clean(str(error)[:500]))
        return ()


def _under_way(snapshot: Snapshot, plan: PhasePlan) -> list[_Work]:
    """List branches that have commits and are neither integrated nor out, in merge order."""
    states = {b: snapshot.state(b) for b in merge_order(plan)}
    moving = [b for b, state in states.items() if state is not State.INTEGRATED and state not in OUT]
    return [work for b in moving if (work := _newest(snapshot, b)) is not None]


def _first(works: list[_Work], most: int) -> list[_Work]:
    if len(works) > most:
        log.warning("%d branches are under way; the first %d are compared.", len(works), most)
    return works[:most]


def _newest(snapshot: Snapshot, branch_id: str) -> _Work | None:
    """Return the judged commit of the newest attempt, or what it produced while it has no verdict."""
    kept, judged = snapshot.attempts.get(branch_id, {}), snapshot.verdicts.get(branch_id, ())
    number = max(kept, default=0)
    if judged and judged[-1].attempt >= number:
        verdict = judged[-1]
        commit = verdict.commit or verdict.raw
        return _Work(branch_id, verdict.base, commit) if commit else None
    claim = snapshot.started.get(branch_id, {}).get(number)
    return _Work(branch_id, claim.base, kept[number]) if claim else None  # unclaimed: no agent of ours made it


def _in_order(plan: PhasePlan, works: Sequence[_Work]) -> list[_Work]:
    place = {branch_id: i for i, branch_id in enumerate(merge_order(plan))}
    return sorted(works, key=lambda work: place[work.branch])


def _against(
    repo: GitRepo, snapshot: Snapshot, plan: PhasePlan, base: str, mine: _Work, works: Sequence[_Work]
) -> Iterator[EarlyWarning]:
    """Predict conflicts of one branch with each of some others."""
    others = _first([work for work in works if work.branch != mine.branch], _OTHERS)
    return _pairs(repo, snapshot, plan, base, _in_order(plan, [mine, *others]), about=mine.branch)


def _pairs(
    repo: GitRepo,
    snapshot: Snapshot,
    plan: PhasePlan,
    base: str,
    works: Sequence[_Work],
    about: str | None = None,
) -> Iterator[EarlyWarning]:
    """Predict conflicts that would isolate a branch: generated paths are made again, and a dependent is built again.

    :param about: the one branch whose conflicts are looked for; None: all.
    """
    integrated = snapshot.folded().integration
    heads = [Head(INTEGRATION, integrated)] if integrated else []
    heads += [Head(work.branch, work.commit) for work in works]
    if len(heads) < 2:
        return
    for first, second, paths in predict(repo, base, heads, union=union_paths(plan), about=about):
        hard = tuple(path_text(path) for path in paths if not matches(remakable(plan), path))
        if hard and first not in transitive(plan, second):
            yield EarlyWarning(branches=(first, second), paths=hard)


def _met(repo: GitRepo, plan: PhasePlan, branch: Branch, others: Sequence[_Work]) -> Iterator[str]:
    """Yield files that a branch may change and another one has changed; what it builds on is in its checkout."""
    built_on = transitive(plan, branch.id)
    known = [work for work in others if work.branch not in built_on]
    pairs = [(work.base, work.commit) for work in known]
    for work, changed in zip(known, changes(repo, pairs), strict=True):
        mine = [path for path in sorted(changed) if _may_change(plan, branch, path)]
        if mine:
            yield f"{work.branch} has changed {_some([path_text(p) for p in mine])}, which you may change too"


def _may_change(plan: PhasePlan, branch: Branch, path: str) -> bool:
    if matches(plan.generated, path):
        return False
    shared = any(path == entry.path.lstrip("/") for entry in plan.shared_with(branch.id))
    return shared or matches(branch.owns, path)


def _of_mine(branch_id: str, warning: EarlyWarning) -> str:
    other = next(b for b in warning.branches if b != branch_id)
    against = "what is integrated" if other == INTEGRATION else other
    return f"your earlier attempt conflicts with {against} in {_some(warning.paths)}"


def _some(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
