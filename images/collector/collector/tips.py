"""Finds commits whose content the work lacks: those the agent gave a name, and those that no name holds any more."""

import os

from collector import leftover, names
from collector.door import HOME, Damaged, git, text

KINDS = {"blob": "file", "tree": "folder"}
SHORT = 120  # seconds to look through all objects: a pipe planted as one must not take a collector's whole time


def named(task, final, more):
    """{id: names} of what the agent named and the work lacks.

    :param more: names by id of what is to be treated like that.
    """
    by_id = dict(more)
    for name, oid in names.all_named().items():
        by_id.setdefault(oid, []).append(name)
    real, wrapped = _as_commits(by_id, task)
    lines, asked = _beyond(real, [task["base"], final]), set(real)
    ordered = [oid for oid, *_ in lines if oid in asked]
    return {oid: real[oid] for oid in _with_content(ordered, task, final, [], wrapped)}


def dropped(task, final, known):
    """{id: no name} of the last commits of what no name holds: dropped stashes, what was reset away, amended, or
    deleted with its branch. What only arranges content anew that the work or `known` has is not among them.

    :raises Damaged: the objects cannot be looked through.
    """
    old = [task["base"], final, *known]
    lines = _beyond(_stored(), old)
    within = {parent for _, *parents in lines for parent in parents}
    last = [oid for oid, *_ in lines if oid not in within]
    return {oid: [] for oid in _with_content(last, task, final, known, set(last))}


def _stored():
    """All commits of the agent's store. Not by `git fsck`, which reads all content to check it."""
    path = f"{HOME}/store"
    try:
        with open(path, "wb") as file:
            git("cat-file", "--batch-all-objects", "--unordered", "--buffer",
                "--batch-check=%(objecttype) %(objectname)", to=file, patience=SHORT)  # fmt: skip
        with open(path, "rb") as file:
            return [text(line[7:47]) for line in file if line.startswith(b"commit ")]
    finally:
        os.remove(path)


def _as_commits(by_id, task):
    """(the same by commit, those that were none). A file or a folder with a name becomes a commit of just that."""
    asked = "".join(f"{oid}^{{}}\n" for oid in by_id).encode()
    out = text(git("cat-file", "--batch-check=%(objectname) %(objecttype)", feed=asked)).splitlines()
    real, wrapped = {}, set()
    for given, line in zip(by_id.values(), out, strict=True):
        oid, kind = line[:40], line[41:]
        if kind in {"blob", "tree"}:
            if len(wrapped) == task["limits"]["commits"]:
                raise Damaged(f"more than {task['limits']['commits']} names are on files or folders")
            oid, given = _wrapped(oid, kind, task), [f"{name} (a {KINDS[kind]})" for name in given]
            wrapped.add(oid)
        elif kind != "commit":
            continue  # it leads nowhere
        real.setdefault(oid, []).extend(given)
    return real, wrapped


def _wrapped(oid, kind, task):
    tree = oid
    if kind == "blob":
        tree = text(git("mktree", feed=f"100644 blob {oid}\tfile\n".encode())).strip()
    return leftover.commit(tree, [], task["date"], f"A {KINDS[kind]} that a name was on\n")


def _beyond(ids, old):
    """(commit, its parents ...) of what some commits reach and others do not, children first."""
    if not ids:
        return []
    feed = "".join(f"{line}\n" for line in [*ids, *_not(old)]).encode()
    listed = text(git("rev-list", "--topo-order", "--parents", "--stdin", feed=feed))
    return [line.split() for line in listed.splitlines()]


def _with_content(ordered, task, final, known, plain):
    """Those that hold a file (or, unless they are among `plain`, a folder) that is nowhere else; unlooked at beyond the
    limit, for then nothing of them is kept anyway."""
    most, found = task["limits"]["commits"], []
    for oid in ordered[:most]:
        # Aggressive: only so does git leave out the files that the work has as well.
        feed = "\n".join([oid, *_not([task["base"], final, *known, *found])]).encode()
        listed = git("rev-list", "--objects-edge-aggressive", "--no-object-names", "--stdin", feed=feed)
        new = b"\n".join(line for line in listed.splitlines() if not line.startswith(b"-"))
        kinds = git("cat-file", "--batch-check=%(objecttype)", feed=new)
        if b"blob" in kinds or (oid not in plain and b"tree" in kinds and not _same_tree(oid, final)):
            found.append(oid)
    return found + ordered[most:]


def _not(commits):
    return [f"^{commit}" for commit in dict.fromkeys(commits)]


def _same_tree(one, other):
    return git("rev-parse", f"{one}^{{tree}}") == git("rev-parse", f"{other}^{{tree}}")
