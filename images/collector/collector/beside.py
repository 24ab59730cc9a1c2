"""Keeps what the agent's HEAD does not show: commits on other branches, stashes, ignored files in owned paths.

They become one commit beside the work, which nobody judges or merges: its parents are the work and what is beside
it, its tree is the work's with the ignored files. What does not fit into the limits stays in the volume.
"""

import re

from collector import leftover, limits, names
from collector.door import SPOKEN, WORKSPACE, Damaged, git, text
from collector.owned import ignored

MOST = 50  # names whose commits are kept
LONGEST = 4000  # characters that tell what it is: names are the agent's
STRANGE = re.compile(r"[\x00-\x1f\x7f]")
FILES, BYTES = 1000, 10 << 20  # ignored files


def commit(task, final, report):
    """Make that commit; None where there is nothing beside the work, or it is only in the volume."""
    try:
        return _commit(task, final, report)
    except (Damaged, ValueError, RecursionError) as error:
        report.say("left", f"something beside its HEAD could not be read: {error}")
        return None


def _commit(task, final, report):
    tips = _tips(task["base"], final)
    if not tips and final == task["base"]:
        tips = _dropped(final)
    refused = []
    if len(tips) > MOST or (tips and limits.room_after(task["base"], list(tips), task["limits"],
                                                      lambda told, *_: refused.append(told)) is None):  # fmt: skip
        why = refused[0] if refused else f"more than {MOST} names"
        report.say("left", f"{_told(tips)}: {why}")
        tips = {}
    files = ignored(task["owned"])[1]
    nested = [path for path in files if path.endswith("/")]
    if nested:
        report.say("left", f"repositories in folders that the repository ignores: {', '.join(nested[:SPOKEN])}")
    files = [path for path in files if not path.endswith("/")]
    if len(files) > FILES or sum(map(leftover.size, files)) > BYTES:
        report.say("left", f"{_files(files)}: more than {FILES} files or {BYTES} bytes")
        files = []
    if not tips and not files:
        return None
    told = "; ".join(said for said in (_told(tips) if tips else "", _files(files) if files else "") if said)
    told = STRANGE.sub("?", told)[:LONGEST]
    report.say("told", told)
    return leftover.commit(_tree(final, files), [final, *tips], task["date"], f"Kept beside the work: {told}\n")


def _tree(final, files):
    git("read-tree", final)
    if files:
        feed = b"".join(leftover.raw(f"{path}\0") for path in files)
        git("update-index", "--add", "--replace", "-z", "--stdin", feed=feed, work_tree=WORKSPACE)
    return text(git("write-tree", "--missing-ok")).strip()


def _tips(base, final):
    """Commits with content that the work lacks, with the names the agent gave them."""
    by_id = {}
    for name, oid in names.all_named().items():
        by_id.setdefault(oid, []).append(name)
    return _new(by_id, base, final)


def _dropped(final):
    """Commits that only a reflog remembers: asked for where there is no other work."""
    seen = {}
    for oid in names.logged(f"{WORKSPACE}/.git/logs/HEAD"):
        seen.setdefault(oid, ["a commit that was dropped"])
    last = list(seen)[-MOST:]
    return _new({oid: seen[oid] for oid in last}, final, final)


def _new(by_id, base, final):
    """Those that are commits, and hold a file or a tree that neither the base nor the work has."""
    asked = "".join(f"{oid}^{{commit}}\n" for oid in by_id).encode()
    out = text(git("cat-file", "--batch-check=%(objectname) %(objecttype)", feed=asked)).splitlines()
    real = {line[:40]: oid for oid, line in zip(by_id, out, strict=True) if line.endswith(" commit")}
    beyond = set(text(git("rev-list", *_old(base, final), "--stdin", feed="\n".join(real).encode())).split())
    found = {}
    for oid in [oid for oid in real if oid in beyond][: 2 * MOST]:
        # Aggressive: only so does git leave out the files that the work has as well.
        listed = git("rev-list", "--objects-edge-aggressive", "--no-object-names", oid, *_old(base, final, *found))
        new = b"\n".join(line for line in listed.splitlines() if not line.startswith(b"-"))
        kinds = git("cat-file", "--batch-check=%(objecttype)", feed=new)
        if b"blob" in kinds or (b"tree" in kinds and not _same_tree(oid, final)):
            found[oid] = by_id[real[oid]]
    return found


def _old(*commits):
    return [f"^{commit}" for commit in dict.fromkeys(commits)]


def _same_tree(one, other):
    return git("rev-parse", f"{one}^{{tree}}") == git("rev-parse", f"{other}^{{tree}}")


def _told(tips):
    words = [f"{', '.join(given[:3])} ({oid[:12]})" for oid, given in tips.items()]
    more = f", and {len(words) - SPOKEN} more" if len(words) > SPOKEN else ""
    return f"commits that are not on its HEAD: {', '.join(words[:SPOKEN])}{more}"


def _files(files):
    more = f", and {len(files) - SPOKEN} more" if len(files) > SPOKEN else ""
    return f"files that the repository ignores: {', '.join(files[:SPOKEN])}{more}"
