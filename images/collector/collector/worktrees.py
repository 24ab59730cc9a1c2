"""Takes what lies uncommitted in linked work trees, which the work does not show: one inside .git, one in a folder that
the repository ignores, one outside the workspace that the worker has brought along.

Where a work tree is, files of the agent say: nothing outside the workspace and what was brought is looked at for them.
"""

import os
import stat

from collector import limits, names
from collector.door import AGENTS, HOME, WORKSPACE, Damaged, git, raw, text
from collector.leftover import MANY, REFUSED, behind_a_link, commit

MOST = 100  # work trees looked at
INDEX = f"{HOME}/tree-index"


def uncommitted(task, report):
    """{commit: [words]} of the files that lie uncommitted in each; tells of what does not fit, and where others are."""
    found = {}
    for name, place in _registered(report):
        brought = task.get("trees", {}).get(place)
        where = f"{HOME}/{brought}" if brought else place
        said = f"uncommitted files of work tree {name}"
        if not brought and not _inside(place):
            if place.isprintable():
                report.say("outside", place)
            else:  # the worker could not ask the engine for it
                report.say(
                    "gone", f"{said}, if there are any, outside /workspace, in {place!a}: a name that is not readable"
                )
            continue
        try:
            oid = _snapshot(f"{AGENTS}/worktrees/{name}", where, task, said) if _linked(where) else None
        except (Damaged, OSError, ValueError) as error:
            report.say("gone" if brought else "left", f"{said} in {place}: {error}")
            continue
        if oid:
            found.setdefault(oid, []).append(said)
    return found


def _registered(report):
    """(name, folder) of each linked work tree that the agent's repository knows."""
    folder = f"{AGENTS}/worktrees"
    if os.path.islink(folder) or not os.path.isdir(folder):
        return
    listed = sorted(os.listdir(folder))
    if len(listed) > MOST:
        report.say("left", f"what lies uncommitted in {len(listed) - MOST} of {len(listed)} linked work trees")
    for name in listed[:MOST]:
        said = names.quiet(f"{folder}/{name}/gitdir") or ""
        # Since git 2.48 it may be relative to the folder that it stands in.
        place = os.path.normpath(os.path.join(folder, name, said))
        if said.endswith("/.git") and "\0" not in said and len(said) < 4096:
            yield name, os.path.dirname(place)


def _inside(place):
    """Whether a folder is inside the workspace, and not the workspace itself; also behind all links."""
    return all(
        path.startswith(f"{top}/")
        for path, top in ((place, WORKSPACE), (os.path.realpath(place), os.path.realpath(WORKSPACE)))
    )


def _linked(place):
    """Whether a linked work tree is there: the agent may have removed it, or made something else of it."""
    return (names.quiet(f"{place}/.git") or "").startswith("gitdir: ")


def _snapshot(own, place, task, message):
    """A commit of what lies there on the tree's own HEAD; None where nothing is uncommitted. A missing file is none."""
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
