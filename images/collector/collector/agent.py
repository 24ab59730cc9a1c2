"""Reads the agent's repository: its HEAD, its index, and whether its objects are whole."""

import os
import stat

from collector import names
from collector.door import AGENTS, GIT_DIR, WORKSPACE, Damaged, git, text

INDEX_MOST = 256 << 20  # bytes


def head():
    """The commit the agent's HEAD names, read from the files themselves; None while it is unborn.

    :raises Damaged: there is no repository, or it names none.
    """
    if not os.path.isdir(AGENTS) or os.path.islink(AGENTS):
        raise Damaged(".git is missing")
    return names.head()


def index_says():
    """(unmerged, not checked out): paths that the agent's index has in conflict, or left out on purpose."""
    path = f"{WORKSPACE}/.git/index"
    try:
        known = os.lstat(path)
    except OSError:
        return set(), set()
    if not stat.S_ISREG(known.st_mode) or known.st_size > INDEX_MOST:
        return set(), set()
    found = text(git("ls-files", "-z", "-t", "--cached", index=path, check=False)).split("\0")
    return tuple({line[2:] for line in found if line[:2] == mark} for mark in ("M ", "S "))


def borrow_history(base, tip):
    """Check that the agent's objects are whole as far as they are needed."""
    parents = [
        line[7:]
        for line in text(git("cat-file", "-p", base)).split("\n\n")[0].splitlines()
        if line.startswith("parent ")
    ]
    here = git("cat-file", "--batch-check", feed="\n".join(parents).encode()) if parents else b""
    if b"missing" in here:  # we handed out a shallow checkout
        with open(f"{GIT_DIR}/shallow", "w", encoding="ascii") as file:
            file.write(base + "\n")
    git("cat-file", "-e", f"{tip}^{{commit}}")
