"""Tell git that the base has taken the phase's pull request in by a squash or a rebase, which no history shows."""

from __future__ import annotations

from phaseplan.ledger.snapshot import Snapshot
from phaseplan.repository.objects import commit, missing, tree_of
from phaseplan.repository.repo import GitRepo


def with_merged(repo: GitRepo, base: str, before: Snapshot) -> str:
    """Return the base as a run begins on it: joined with what was delivered, where it holds that as other commits.

    The files are the base's. But work that was delivered is an ancestor from then on, as after a true merge: it is
    merged and built no more, and what the base does to the same lines later is no conflict. The same commits give the
    same commit.
    """
    delivered = before.delivery
    if delivered is None or not delivered.taken_head or not delivered.taken_as:
        return base
    head, merged = delivered.taken_head, delivered.taken_as
    if missing(repo, [head, merged]) or not repo.is_ancestor(merged, base) or repo.is_ancestor(head, base):
        return base
    known = _joined_before(repo, base, head, before)
    if known is not None and repo.facts(known).parents[0] == base:
        return known  # the base has not moved since
    second = known or head
    dates = (repo.facts(each).time for each in (base, second))
    message = (
        f"Know {head[:12]} as merged by {merged[:12]}\n\nThe base took the phase's pull request in as other commits.\n"
    )
    return commit(repo, tree_of(repo, base), [base, second], message, max(0, *dates))


def _joined_before(repo: GitRepo, base: str, head: str, before: Snapshot) -> str | None:
    """Return the base of the run before, if it was joined like this.

    It is what the next one is joined with: integration holds both its parents, and of two common ancestors that differ
    git would make a third, with conflicts of its own.
    """
    old = before.run.base if before.run else None
    if old is None or missing(repo, [old]) or not repo.is_ancestor(head, old) or repo.is_ancestor(old, base):
        return None
    parents = repo.line("rev-list", "--parents", "-1", old).split()[1:]
    return old if len(parents) == 2 and repo.is_ancestor(parents[0], base) else None
