"""Keeps what the agent's HEAD does not show: commits on other branches, stashes, what was dropped, uncommitted files of
other work trees, ignored files in owned paths.

They become one commit beside the work, which nobody judges or merges: its parents are the work and what is beside
it, its tree is the work's with the ignored files. What does not fit into the limits stays in the volume.
"""

import re

from collector import leftover, limits, tips, worktrees
from collector.door import SPOKEN, WORKSPACE, Damaged, git, names, raw, text
from collector.owned import ignored

LONGEST = 4000  # characters that tell what it is: names are the agent's
STRANGE = re.compile(r"[\x00-\x1f\x7f]")
FILES, BYTES = 1000, 10 << 20  # ignored files
WRONG = (Damaged, OSError, ValueError, RecursionError)


def commit(task, final, report):
    """Make that commit; None where there is nothing beside the work, or it is only in the volume."""
    try:
        return _commit(task, final, report)
    except WRONG as error:
        report.say("left", f"something beside its HEAD could not be read: {error}")
        return None


def _commit(task, final, report):
    trees = worktrees.uncommitted(task, report)
    found = tips.named(task, final, trees)
    named = _that_fit(task, found, (), _named, report)
    dropped = _dropped(task, final, found, named, report)
    files = _files(task, report)
    kept = [*named, *dropped]
    if final == task["base"]:
        _nobody_asked_for(files, report)
    if not kept and not files:
        return None
    told = "; ".join(say(what) for say, what in ((_named, named), (_lost, dropped), (_ignored, files)) if what)
    told = STRANGE.sub("?", told)[:LONGEST]
    report.say("told", told)
    return leftover.commit(_tree(final, files), [final, *kept], task["date"], f"Kept beside the work: {told}\n")


def _that_fit(task, found, before, say, report):
    """All of them, or none with a word that they are only in the volume."""
    refused = []
    if found and limits.room_after(task["base"], [*before, *found], task["limits"],
                                   lambda told, *_: refused.append(told)) is None:  # fmt: skip
        report.say("left", f"{say(found)}: {refused[0]}")
        return {}
    return found


def _dropped(task, final, found, named, report):
    """What no name holds. Whatever is wrong with it, what has a name is kept."""
    try:
        return _that_fit(task, tips.dropped(task, final, list(found)), named, _lost, report)
    except WRONG as error:
        report.say("left", f"commits that no name holds any more, if there are any, could not be read: {error}")
        return {}


def _files(task, report):
    """Ignored files in owned paths, but for those that do not fit."""
    files = ignored(task["owned"])[1]
    nested = [path for path in files if path.endswith("/")]
    if nested:
        report.say("left", f"repositories in folders that the repository ignores: {_some(nested)}")
    files = [path for path in files if not path.endswith("/")]
    if len(files) > FILES or sum(map(leftover.size, files)) > BYTES:
        report.say("left", f"{_ignored(files)}: more than {FILES} files or {BYTES} bytes")
        return []
    return files


def _nobody_asked_for(files, report):
    """Tell of ignored files elsewhere: an agent that wrote nothing else must not be said to have written nothing."""
    how = ("--others", "--ignored", "--exclude-standard", "--directory", "--no-empty-directory")
    others = [path for path in names("ls-files", "-z", *how, work_tree=WORKSPACE) if path not in files]
    if others:
        report.say("gone", f"{_ignored(others)}, and no path of the branch")


def _tree(final, files):
    git("read-tree", final)
    if files:
        feed = b"".join(raw(f"{path}\0") for path in files)
        git("update-index", "--add", "--replace", "-z", "--stdin", feed=feed, work_tree=WORKSPACE)
    return text(git("write-tree", "--missing-ok")).strip()


def _named(tips_):
    many = "1 commit that is" if len(tips_) == 1 else f"{len(tips_)} commits that are"
    words = [f"{_some(given, 3)} ({oid[:12]})" for oid, given in tips_.items()]
    return f"{many} not on its HEAD: {_some(words)}"


def _lost(tips_):
    many = "1 commit" if len(tips_) == 1 else f"{len(tips_)} commits"
    return f"{many} that no name holds any more: {_some([oid[:12] for oid in tips_])}"


def _ignored(files):
    many = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"{many} that the repository ignores: {_some(files)}"


def _some(words, most=SPOKEN):
    more = f", and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
