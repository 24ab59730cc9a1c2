"""Reads the agent's repository: its HEAD, its index, and whether its objects are whole."""

import glob
import os
import shutil
import stat

from collector import names
from collector.door import AGENTS, GIT_DIR, HOME, WORKSPACE, Damaged, git, init, raw, text

INDEX_MOST = 256 << 20  # bytes
SHARED = 4  # parts of an index that is split


def head():
    """The commit the agent's HEAD names, read from the files themselves; None while it is unborn.

    :raises Damaged: there is no repository, or it names none.
    """
    if not os.path.isdir(AGENTS) or os.path.islink(AGENTS):
        raise Damaged(".git is missing")
    return names.head()


def unmerged():
    """Paths that the agent's index has in conflict."""
    return _marked("M ")


def not_checked_out():
    """Paths that a sparse checkout took away. A path that is only marked `skip-worktree` was not: it is gone because
    somebody removed it."""
    missing = [path for path in sorted(_marked("S ")) if not os.path.lexists(os.path.join(WORKSPACE, path))]
    patterns = names.quiet(f"{AGENTS}/info/sparse-checkout")
    if not missing or patterns is None or not _sparse():
        return set()
    return set(missing) - _within(missing, patterns)


def _marked(mark):
    path = f"{AGENTS}/index"
    try:
        known = os.lstat(path)
    except OSError:
        return set()
    if not stat.S_ISREG(known.st_mode) or known.st_size > INDEX_MOST:
        return set()
    _share()
    found = text(git("ls-files", "-z", "-t", "--cached", index=path, check=False)).split("\0")
    return {line[2:] for line in found if line[:2] == mark}


def _share():
    """Put the shared parts of an index that was split where git looks for them."""
    for path in glob.glob(f"{AGENTS}/sharedindex.*")[:SHARED]:
        known = os.lstat(path)
        if stat.S_ISREG(known.st_mode) and known.st_size <= INDEX_MOST:
            shutil.copyfile(path, f"{GIT_DIR}/{os.path.basename(path)}")


def _sparse():
    """Whether the agent's repository has a sparse checkout. Its settings are read one by one, and none is followed: an
    agent may also have it set where the volume does not show it, so only a plain no counts."""
    for name in ("config.worktree", "config"):
        if names.quiet(f"{AGENTS}/{name}") is not None:
            how = ("config", "--no-includes", "--file", f"{AGENTS}/{name}", "--type=bool", "core.sparseCheckout")
            if said := git(*how, check=False).strip():
                return said == b"true"
    return True


def _within(paths, patterns):
    """Those that the patterns want checked out. Git says so itself: it checks empty files out by them, elsewhere."""
    where, index, git_dir = f"{HOME}/sparse", f"{HOME}/sparse-index", f"{HOME}/sparse-git"
    shutil.rmtree(where, ignore_errors=True)
    os.mkdir(where)
    init(None, git_dir)
    with open(f"{git_dir}/info/sparse-checkout", "wb") as file:
        file.write(raw(patterns) + b"\n")
    here = {"index": index, "git_dir": git_dir}
    empty = text(git("hash-object", "-w", "--stdin", **here)).strip()
    feed = b"".join(raw(f"100644 {empty}\t{path}\0") for path in paths)
    git("update-index", "-z", "--index-info", feed=feed, **here)
    tree = text(git("write-tree", **here)).strip()
    os.remove(index)
    git("-c", "core.sparseCheckout=true", "read-tree", "-m", "-u", tree, work_tree=where, **here)
    found = text(git("ls-files", "-z", "-t", **here)).split("\0")
    return {line[2:] for line in found if line[:2] == "H "}


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
