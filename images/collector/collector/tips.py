"""Find commits whose content the work lacks: those with a name, and those that no name holds any more."""

import os

from collector import leftover, names
from collector.door import HOME, Damaged, git, text

KINDS = {"blob": "file", "tree": "folder"}
SHORT = 120  # seconds to read all objects: a pipe planted as one must not use up a collector's time


def named(task, final, more):
    """Return {id: names} of what the agent named and the work lacks.

    :param more: names by id of what is to be treated like that.
    """
    by_id = dict(more)
    for name, oid in names.all_named().items():
        by_id.setdefault(oid, []).append(name)
    real, wrapped = _as_commits(by_id, task)
    lines, wanted_ids = _beyond(real, [task["base"], final]), set(real)
    ordered = [oid for oid, *_ in lines if oid in wanted_ids]
    return {oid: real[oid] for oid in _with_content(ordered, task, final, [], wrapped)}


def dropped(task, final, known_ids):
    """Return {id: no name} of the last commits of what no name holds: dropped stashes, what was reset away, amended, or
    deleted with its branch. What only arranges content anew that the work or `known_ids` has is not among them.

    :raises Damaged: the objects cannot be looked through.
    """
    old = [task["base"], final, *known_ids]
    lines = _beyond(_stored(), old)
    within = {parent for _, *parents in lines for parent in parents}
    last = [oid for oid, *_ in lines if oid not in within]
    return {oid: [] for oid in _with_content(last, task, final, known_ids, set(last))}


def _stored():
    """Return all commits of the agent's store. Not by `git fsck`, which reads all content to check it."""
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
    """Return (names by commit, commits made here). A named file or folder becomes a commit of just that."""
    feed = "".join(f"{oid}^{{}}\n" for oid in by_id).encode()
    out = text(git("cat-file", "--batch-check=%(objectname) %(objecttype)", feed=feed)).splitlines()
    real, wrapped = {}, set()
    for given_names, line in zip(by_id.values(), out, strict=True):
        oid, kind = line[:40], line[41:]
        if kind in {"blob", "tree"}:
            if len(wrapped) == task["limits"]["commits"]:
                raise Damaged(f"more than {task['limits']['commits']} names are on files or folders")
            oid, given_names = _wrapped(oid, kind, task), [f"{name} (a {KINDS[kind]})" for name in given_names]
            wrapped.add(oid)
        elif kind != "commit":
            continue  # it leads nowhere
        real.setdefault(oid, []).extend(given_names)
    return real, wrapped


def _wrapped(oid, kind, task):
    tree = oid
    if kind == "blob":
        tree = text(git("mktree", feed=f"100644 blob {oid}\tfile\n".encode())).strip()
    return leftover.commit(tree, [], task["date"], f"A {KINDS[kind]} that a name was on\n")


def _beyond(ids, old):
    """Return (commit, its parents ...) of what `ids` reach and `old` do not, children first."""
    if not ids:
        return []
    feed = "".join(f"{line}\n" for line in [*ids, *_not(old)]).encode()
    listed = text(git("rev-list", "--topo-order", "--parents", "--stdin", feed=feed))
    return [line.split() for line in listed.splitlines()]


def _with_content(ordered, task, final, known_ids, plain):
    """Return those that hold a file (or, unless they are among `plain`, a folder) that is nowhere else. Ids beyond the
    limit are returned unchecked: then nothing of them is kept anyway."""
    most, kept_ids = task["limits"]["commits"], []
    for oid in ordered[:most]:
        # Aggressive: only so does git leave out the files that the work has as well.
        feed = "\n".join([oid, *_not([task["base"], final, *known_ids, *kept_ids])]).encode()
        listed = git("rev-list", "--objects-edge-aggressive", "--no-object-names", "--stdin", feed=feed)
        new = b"\n".join(line for line in listed.splitlines() if not line.startswith(b"-"))
        kinds = git("cat-file", "--batch-check=%(objecttype)", feed=new)
        if b"blob" in kinds or (oid not in plain and b"tree" in kinds and not _same_tree(oid, final)):
            kept_ids.append(oid)
    return kept_ids + ordered[most:]


def _not(commits):
    return [f"^{commit}" for commit in dict.fromkeys(commits)]


def _same_tree(one, other):
    return git("rev-parse", f"{one}^{{tree}}") == git("rev-parse", f"{other}^{{tree}}")
