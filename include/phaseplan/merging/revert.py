"""Revert a merge by a new commit, and re-apply what was reverted by another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from phaseplan.errors import InputFault
from phaseplan.merging.integration_line import REAPPLY, REVERT, open_reverts
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.merge_tree import TRAILER, Conflict, literal, opponents_of, opposite, put, write_attributes
from phaseplan.repository.objects import NEUTRAL, commit, entries
from phaseplan.repository.repo import GitRepo

__all__ = ["open_reverts", "reapply", "revert"]


def revert(
    repo: GitRepo,
    tip: str,
    branch_id: str,
    merge: str,
    *,
    union: Sequence[str] = (),
    generated: Sequence[str] = (),
) -> str | Conflict:
    """Take a branch's merge (or the re-apply of one) out of `tip` again: same inputs, same commit id.

    :param union: paths of which a merge keeps both sides: here the merge's own lines go, whatever stands beside them.
    :param generated: patterns of paths that are made again afterwards.
    :return: the new tip, or the paths that later work has changed again.
    :raises InputFault: `merge` is no merge of that branch.
    """
    _own(repo, branch_id, merge)
    write_attributes(repo, ())  # a union of "here it is" and "it is gone" is "here it is"
    lines = [literal(path) for path in union]
    tree, wrong = opposite(repo, tip, merge, [*generated, *lines])
    shared = [path for path in wrong if matches(lines, path)] if tree else []
    cleaned = {path: _without_lines(repo, tip, merge, path) for path in shared}
    if tree is None or None in cleaned.values():
        paths = tuple(path for path in wrong if not tree or cleaned.get(path, ("", "")) is None)
        return Conflict(paths, opponents_of(repo, tip, merge, paths))
    if cleaned:
        tree = put(repo, tree, {path: entry for path, entry in cleaned.items() if entry})
    return _commit(repo, tree, tip, f"Revert {branch_id}\n\n{REVERT}: {branch_id} {merge}\n")


def reapply(
    repo: GitRepo,
    tip: str,
    branch_id: str,
    revert_commit: str,
    *,
    union: Sequence[str] = (),
    generated: Sequence[str] = (),
) -> str | Conflict:
    """Put back onto `tip` what a revert took out of it: same inputs, same commit id.

    :return: the new tip, or the paths that what came since has changed too.
    """
    write_attributes(repo, union)
    tree, wrong = opposite(repo, tip, revert_commit, generated)
    if tree is None:
        return Conflict(wrong, opponents_of(repo, tip, revert_commit, wrong))
    return _commit(repo, tree, tip, f"Re-apply {branch_id}\n\n{REAPPLY}: {branch_id} {revert_commit}\n")


def _own(repo: GitRepo, branch_id: str, merge: str) -> None:
    form = f"--format=%P%x00%(trailers:key={TRAILER},valueonly,separator=)%x00%(trailers:key={REAPPLY},valueonly)"
    parents, merged, again = repo.run("log", "-1", form, merge, env=NEUTRAL).out.split("\0")
    if (merged, len(parents.split())) != (branch_id, 2) and again.split()[:1] != [branch_id]:
        raise InputFault(
            f"{branch_id} has no merge commit of its own at {merge[:12]}: its work was in already when it was "
            "integrated, so there is nothing to revert"
        )


def _without_lines(repo: GitRepo, tip: str, merge: str, path: str) -> tuple[str, str] | None:
    """Return a union file (mode, blob) of `tip` without a merge's added lines; None: it did more than add lines."""
    before, after, now = (_lines(repo, at, path) for at in (f"{merge}^1", merge, tip))
    added, entry = Counter(after) - Counter(before), entries(repo, tip).get(path)
    if entry is None or Counter(before) - Counter(after) or added - Counter(now):
        return None
    kept = []
    for line in reversed(now):  # a line added twice over: the later one goes
        if added[line] > 0:
            added[line] -= 1
        else:
            kept.append(line)
    text = "".join(reversed(kept)).encode("utf-8", "surrogateescape")
    blob = repo.run("hash-object", "-w", "--stdin", stdin=text).out.strip()
    return entry[0], blob


def _lines(repo: GitRepo, at: str, path: str) -> list[str]:
    found = entries(repo, at).get(path)
    text = repo.run("cat-file", "blob", found[1]).out if found else ""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _commit(repo: GitRepo, tree: str, tip: str, message: str) -> str:
    date = repo.facts(tip).time
    return commit(repo, tree, [tip], message, max(0, date))
