"""Check that a merge contains what its branches did, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from phaseplan.errors import Bug
from phaseplan.gates.lost import texts_of
from phaseplan.ledger.records import Finding
from phaseplan.merging.chain import Head
from phaseplan.merging.integration_line import Story, stories
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.merge_tree import literal
from phaseplan.repository.objects import GONE, NEUTRAL, Change, changes, entries
from phaseplan.repository.repo import GitRepo

__all__ = ["literal", "touched", "union_dropped", "violations"]

_UNKNOWN = ("", "")  # equals no entry of any tree


def touched(repo: GitRepo, heads: Sequence[Head]) -> dict[str, dict[str, Change]]:
    """List what each head's own work changed, by id and path, measured from the commit it started from."""
    pairs = [(head.base or _parted(repo, head), head.commit) for head in heads]
    return {head.id: found for head, found in zip(heads, changes(repo, pairs), strict=True)}


def _parted(repo: GitRepo, head: Head) -> str:
    raise Bug(f"{head.id} names no commit its work started from")


def violations(
    repo: GitRepo, old: str, new: str, heads: Sequence[Head], *, exempt: Iterable[str]
) -> tuple[Finding, ...]:
    """Find what a merge of `heads` onto `old` lost or invented on its way to `new`.

    Every changed path must be some head's work, and a path that only one head touched (and `old` had not changed
    since that head's start) must carry that head's blob. What was re-applied on the way is its branch's work too.

    :param exempt: patterns of generated and union paths.
    """
    before, after = entries(repo, old), entries(repo, new)
    work, told = touched(repo, heads), stories(repo, new)
    for head in heads:
        work[head.id].update(_came_back(repo, old, new, head, told))
    patterns = tuple(exempt)
    owners: dict[str, list[str]] = {}
    for head_id, paths in work.items():
        for path in paths:
            owners.setdefault(path, []).append(head_id)
    found = []
    for path in sorted({*before, *after, *owners}):
        was, now = before.get(path, GONE), after.get(path, GONE)
        mine = owners.get(path, [])
        if (was == now and not mine) or matches(patterns, path):
            continue
        if not mine:
            found.append(_finding(path, "changed, but no merged branch changed it"))
        elif len(mine) == 1 and _lost(work[mine[0]][path], was, now):
            owner = next(h for h in heads if h.id == mine[0])
            if _renamed(repo, owner, path, owners):
                continue
            found.append(_finding(path, f"only {owner.id} changed it, yet the merge does not carry its version"))
    return tuple(found)


def union_dropped(repo: GitRepo, paths: Sequence[str], new: str, heads: Sequence[Head]) -> tuple[Finding, ...]:
    """Find lines of union files that a merged head added and that the merge `new` lacks, by file and head.

    A line that two heads added is kept once.
    """
    after = entries(repo, new) if paths else {}
    kept = [path.lstrip("/") for path in paths if path.lstrip("/") in after]
    work = touched(repo, heads) if kept else {}
    blobs = [
        (path, head.id, work[head.id][path][0][1], work[head.id][path][1][1])
        for path in kept
        for head in heads
        if path in work[head.id]
    ]
    texts = texts_of(repo, [i for _, _, *ids in blobs for i in ids] + [after[path][1] for path in kept])
    found = []
    for path, owner, before, mine in blobs:
        added = texts[mine] - texts[before]
        if gone := len(added.keys() - texts[after[path][1]].keys()):
            said = f"the merge lost {gone} of {len(added)} lines that {owner} added, and merge: union keeps every line"
            found.append(Finding(gate="shared", file=path, message=said))
    return tuple(found)


def _came_back(repo: GitRepo, old: str, new: str, head: Head, told: Sequence[Story]) -> dict[str, Change]:
    """Return what re-applies of a head's branch on the way were to bring back, and what its work made of that.

    Where others had changed the same path before the revert, nothing is known of it but whose it is.
    """
    mine = [story for story in told if story.branch == head.id and len(story.acts) > 1]
    fresh = set(repo.run("rev-list", "--first-parent", new, f"^{old}", env=NEUTRAL).out.split()) if mine else set()
    back = [
        (story, then.commit)
        for story in mine
        for then, act in pairwise(story.acts)
        if act.kind == "reapply" and act.commit in fresh
    ]
    found: dict[str, Change] = {}
    wanted = entries(repo, head.commit) if back else {}
    for story, revert in back:
        known = entries(repo, story.acts[0].carries)
        for path, (away, there) in changes(repo, [(revert, repo.facts(revert).parents[0])])[0].items():
            sure = there in (wanted.get(path, GONE), known.get(path, GONE))
            first = found[path][0] if path in found else away
            found[path] = (first if sure else _UNKNOWN, wanted.get(path, GONE))
    return found


def _lost(work: Change, was: tuple[str, str], now: tuple[str, str]) -> bool:
    """Say whether a head's change started from what was there and did not arrive."""
    before, after = work
    return before == was and after != now


def _renamed(repo: GitRepo, head: Head, path: str, owners: dict[str, list[str]]) -> bool:
    """Say whether `path` is a file the head moved while another head worked on it under its old name."""
    args = ("diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status", head.base or head.commit, head.commit)
    fields = repo.run(*args, env=NEUTRAL).out.split("\0")
    sources = [fields[i + 1] for i in range(0, len(fields) - 2, 3) if fields[i + 2] == path]
    return any(len(owners.get(source, ())) > 1 for source in sources)


def _finding(path: str, message: str) -> Finding:
    return Finding(gate="conservation", file=path, message=message)
