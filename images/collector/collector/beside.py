"""Keep what the agent's HEAD does not show: commits on other branches, stashes, dropped commits, uncommitted files of
other work trees, ignored files in owned paths.

They become one commit beside the work, which is never judged or merged: its parents are the work and what is beside
it, its tree is the work's with the ignored files. What does not fit into the limits stays in the volume.
"""

import re

from collector import leftover, limits, tips, worktrees
from collector.door import SPOKEN, WORKSPACE, Damaged, git, names, raw, text
from collector.owned import ignored

LONGEST = 4000  # characters of the description: names are the agent's
STRANGE = re.compile(r"[\x00-\x1f\x7f]")
FILES, BYTES = 1000, 10 << 20  # ignored files
WRONG = (Damaged, OSError, ValueError, RecursionError)


def commit(task, final, report):
    """Make that commit; None if there is nothing beside the work, or it is only in the volume."""
    try:
        return _commit(task, final, report)
    except WRONG as error:
        report.say("left", f"something beside its HEAD could not be read: {error}")
        return None


def _commit(task, final, report):
    trees = worktrees.uncommitted(task, report)
    tips_found = tips.named(task, final, trees)
    named = _that_fit(task, tips_found, (), _describe_named, report)
    dropped = _dropped(task, final, tips_found, named, report)
    files = _files(task, report)
    parents = [*named, *dropped]
    if final == task["base"]:
        _report_unowned(files, report)
    if not parents and not files:
        return None
    description = "; ".join(
        describe(items)
        for describe, items in ((_describe_named, named), (_describe_dropped, dropped), (_describe_ignored, files))
        if items
    )
    description = STRANGE.sub("?", description)[:LONGEST]
    report.say("told", description)
    return leftover.commit(
        _tree(final, files), [final, *parents], task["date"], f"Kept beside the work: {description}\n"
    )


def _that_fit(task, tips_found, before, describe, report):
    """Return all tips, or none with a report that they are only in the volume."""
    refused = []
    if tips_found and limits.room_after(task["base"], [*before, *tips_found], task["limits"],
                                   lambda message, *_: refused.append(message)) is None:  # fmt: skip
        report.say("left", f"{describe(tips_found)}: {refused[0]}")
        return {}
    return tips_found


def _dropped(task, final, tips_found, named, report):
    """Find commits that no name holds. An error here does not affect commits with a name."""
    try:
        return _that_fit(task, tips.dropped(task, final, list(tips_found)), named, _describe_dropped, report)
    except WRONG as error:
        report.say("left", f"commits that no name holds any more, if there are any, could not be read: {error}")
        return {}


def _files(task, report):
    """List ignored files in owned paths, except those that do not fit."""
    files = ignored(task["owned"])[1]
    nested = [path for path in files if path.endswith("/")]
    if nested:
        report.say("left", f"repositories in folders that the repository ignores: {_some(nested)}")
    files = [path for path in files if not path.endswith("/")]
    if len(files) > FILES or sum(map(leftover.size, files)) > BYTES:
        report.say("left", f"{_describe_ignored(files)}: more than {FILES} files or {BYTES} bytes")
        return []
    return files


def _report_unowned(files, report):
    """Report ignored files elsewhere: an agent that wrote only those must not be reported as having written nothing."""
    options = ("--others", "--ignored", "--exclude-standard", "--directory", "--no-empty-directory")
    others = [path for path in names("ls-files", "-z", *options, work_tree=WORKSPACE) if path not in files]
    if others:
        report.say("gone", f"{_describe_ignored(others)}, and no path of the branch")


def _tree(final, files):
    git("read-tree", final)
    if files:
        feed = b"".join(raw(f"{path}\0") for path in files)
        git("update-index", "--add", "--replace", "-z", "--stdin", feed=feed, work_tree=WORKSPACE)
    return text(git("write-tree", "--missing-ok")).strip()


def _describe_named(tips_):
    many = "1 commit that is" if len(tips_) == 1 else f"{len(tips_)} commits that are"
    texts = [f"{_some(names_, 3)} ({oid[:12]})" for oid, names_ in tips_.items()]
    return f"{many} not on its HEAD: {_some(texts)}"


def _describe_dropped(tips_):
    many = "1 commit" if len(tips_) == 1 else f"{len(tips_)} commits"
    return f"{many} that no name holds any more: {_some([oid[:12] for oid in tips_])}"


def _describe_ignored(files):
    many = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"{many} that the repository ignores: {_some(files)}"


def _some(texts, most=SPOKEN):
    more = f", and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
