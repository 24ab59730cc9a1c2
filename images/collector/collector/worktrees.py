"""Collect uncommitted files of linked work trees, which the work does not show: one inside .git, one in a folder that
the repository ignores, one outside the workspace that the worker has brought along.

The agent's files say where a work tree is, so nothing outside the workspace and the brought folders is read for them.
"""

import os
import stat

from collector import limits, names
from collector.door import AGENTS, HOME, WORKSPACE, Damaged, git, raw, text
from collector.leftover import MANY, REFUSED, behind_a_link, commit

MOST = 100  # work trees looked at
INDEX = f"{HOME}/tree-index"


def uncommitted(task, report):
    """Return {commit: [descriptions]} of uncommitted files; report those that do not fit or lie elsewhere."""
    by_commit = {}
    for name, place in _registered(report):
        brought = task.get("trees", {}).get(place)
        where = f"{HOME}/{brought}" if brought else place
        description = f"uncommitted files of work tree {name}"
        if not brought and not _inside(place):
            if place.isprintable():
                report.say("outside", place)
            else:  # the worker could not ask the engine for it
                report.say(
                    "gone",
                    f"{description}, if there are any, outside /workspace, in {place!a}: a name that is not readable",
                )
            continue
        try:
            oid = _snapshot(f"{AGENTS}/worktrees/{name}", where, task, description) if _linked(where) else None
        except (Damaged, OSError, ValueError) as error:
            report.say("gone" if brought else "left", f"{description} in {place}: {error}")
            continue
        if oid:
            by_commit.setdefault(oid, []).append(description)
    return by_commit


def _registered(report):
    """Yield (name, folder) of each linked work tree that the agent's repository knows."""
    folder = f"{AGENTS}/worktrees"
    if os.path.islink(folder) or not os.path.isdir(folder):
        return
    listed = sorted(os.listdir(folder))
    if len(listed) > MOST:
        report.say("left", f"what lies uncommitted in {len(listed) - MOST} of {len(listed)} linked work trees")
    for name in listed[:MOST]:
        pointer = names.quiet(f"{folder}/{name}/gitdir") or ""
        # Since git 2.48 it may be relative to the folder that it stands in.
        place = os.path.normpath(os.path.join(folder, name, pointer))
        if pointer.endswith("/.git") and "\0" not in pointer and len(pointer) < 4096:
            yield name, os.path.dirname(place)


def _inside(place):
    """Say whether a folder is inside the workspace, and not the workspace itself; also behind all links."""
    return all(
        path.startswith(f"{top}/")
        for path, top in ((place, WORKSPACE), (os.path.realpath(place), os.path.realpath(WORKSPACE)))
    )


def _linked(place):
    """Say whether a linked work tree is there: the agent may have removed it, or made something else of it."""
    return (names.quiet(f"{place}/.git") or "").startswith("gitdir: ")


def _snapshot(own, place, task, message):
    """Commit what lies there on the tree's own HEAD; None if nothing is uncommitted. A missing file does not count."""
    head = names.head(own=own)
    git("read-tree", *([head] if head else ["--empty"]), index=INDEX)
    how = {"index": INDEX, "work_tree": place}
    listed = text(git("ls-files", "-z", "--others", "--modified", "--exclude-standard", **how)).split("\0")[:-1]
    paths = [path for path in dict.fromkeys(listed) if os.path.lexists(os.path.join(place, path))]
    paths = [path for path in paths if not behind_a_link(path, place)]
    _refuse_strange(paths, place)
    total = sum(os.lstat(os.path.join(place, path)).st_size for path in paths)
    if total > task["limits"]["bytes"] or len(paths) > MANY:
        raise Damaged(f"{len(paths)} files of {total} bytes are too many or too large to bring back")
    if not paths:
        return None
    feed = raw("".join(f"{path}\0" for path in paths))
    git("update-index", "--add", "--replace", "-z", "--stdin", feed=feed, **how)
    tree = text(git("write-tree", "--missing-ok", index=INDEX)).strip()
    date = limits.date_of(head) if head else task["date"]
    return commit(tree, [head] if head else [], date, f"{message[:1].upper()}{message[1:]}\n")


def _refuse_strange(paths, place):
    for path in paths:
        mode = os.lstat(os.path.join(place, path)).st_mode
        named = any(REFUSED.fullmatch(part) for part in path.split("/"))
        if named or not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise Damaged(f"{path} is nothing that git can hold, or a repository")
