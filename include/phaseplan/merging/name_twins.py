"""Find two names that many systems take for one, brought by two branches: a conflict that git cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from phaseplan.repository.merge_tree import Conflict, opponents_of
from phaseplan.repository.objects import GONE, changes
from phaseplan.repository.repo import GitRepo
from phaseplan.text.file_names import twins


def conceivable(repo: GitRepo, commits: Sequence[str]) -> bool:
    """Say whether two names along a chain of merges could be taken for one: two git processes, however long it is.

    :param commits: the chain's base, then what it was after each merge.
    """
    added = {path for diff in changes(repo, list(pairwise(commits))) for path, (old, _) in diff.items() if old == GONE}
    if not added:
        return False
    base = repo.names("ls-tree", "-r", "-z", "--name-only", "--full-tree", commits[0])
    return bool(twins(added, {*base, *added}))


def alike(repo: GitRepo, tip: str, head: str, tree: str) -> Conflict | None:
    """Say what keeps `head` out of `tip` although the merge is clean; a repository that has such pairs may get more.

    :param tree: the merged tree.
    """
    added = repo.names("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", tip, tree)
    if not added:
        return None
    there = repo.names("ls-tree", "-r", "-z", "--name-only", "--full-tree", tip)
    pairs = twins(added, there)
    if not pairs or twins(there, there):
        return None
    paths = tuple(dict.fromkeys(path for path, _ in pairs))
    return Conflict(paths, opponents_of(repo, tip, head, [other for _, other in pairs]), tip, dict(pairs))
