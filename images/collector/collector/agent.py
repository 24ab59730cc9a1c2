"""Read the agent's repository: its HEAD, its index, and whether its objects are complete."""

import glob
import os
import shutil
import stat

from collector import names
from collector.door import AGENTS, GIT_DIR, HOME, WORKSPACE, Damaged, git, init, raw, text

INDEX_MOST = 256 << 20  # bytes
SHARED = 4  # parts of an index that is split


def head():
    """Return the commit that the agent's HEAD names, read from the files themselves; None while it is unborn.

    :raises Damaged: there is no repository, or it names none.
    """
    if not os.path.isdir(AGENTS) or os.path.islink(AGENTS):
        raise Damaged(".git is missing")
    return names.head()


def unmerged():
    """Return paths that the agent's index has in conflict."""
    return _marked("M ")


def not_checked_out():
    """Return paths that a sparse checkout took away. A path that is only marked `skip-worktree` does not count: the
    agent removed it."""
    missing = [path for path in sorted(_marked("S ")) if not os.path.lexists(os.path.join(WORKSPACE, path))]
    patterns = names.quiet(f"{AGENTS}/info/sparse-checkout")
    if not missing or patterns is None or not _sparse():
        return set()
    return set(missing) - _within(missing, patterns)


def _marked(mark):
    path = f"{AGENTS}/index"
    try:
        info = os.lstat(path)
    except OSError:
        return set()
    if not stat.S_ISREG(info.st_mode) or info.st_size > INDEX_MOST:
        return set()
    _share()
    lines = text(git("ls-files", "-z", "-t", "--cached", index=path, check=False)).split("\0")
    return {line[2:] for line in lines if line[:2] == mark}


def _share():
    """Copy the shared parts of a split index to where git looks for them."""
    for path in glob.glob(f"{AGENTS}/sharedindex.*")[:SHARED]:
        info = os.lstat(path)
        if stat.S_ISREG(info.st_mode) and info.st_size <= INDEX_MOST:
            shutil.copyfile(path, f"{GIT_DIR}/{os.path.basename(path)}")


def _sparse():
    """Say whether the agent's repository has a sparse checkout. Its settings are read one by one, without includes: an
    agent may also have set it outside the volume, so only an explicit `false` counts."""
    for name in ("config.worktree", "config"):
        if names.quiet(f"{AGENTS}/{name}") is not None:
            arguments = ("config", "--no-includes", "--file", f"{AGENTS}/{name}", "--type=bool", "core.sparseCheckout")
            if value := git(*arguments, check=False).strip():
                return value == b"true"
    return True


def _within(paths, patterns):
    """Return those paths that the patterns want checked out: git checks empty files out by them, elsewhere."""
    where, index, git_dir = f"{HOME}/sparse", f"{HOME}/sparse-index", f"{HOME}/sparse-git"
    shutil.rmtree(where, ignore_errors=True)
    os.mkdir(where)
    init(None, git_dir)
    with open(f"{git_dir}/info/sparse-checkout", "wb") as file:
        file.write(raw(patterns) + b"\n")
    options = {"index": index, "git_dir": git_dir}
    empty = text(git("hash-object", "-w", "--stdin", **options)).strip()
    feed = b"".join(raw(f"100644 {empty}\t{path}\0") for path in paths)
    git("update-index", "-z", "--index-info", feed=feed, **options)
    tree = text(git("write-tree", **options)).strip()
    os.remove(index)
    git("-c", "core.sparseCheckout=true", "read-tree", "-m", "-u", tree, work_tree=where, **options)
    lines = text(git("ls-files", "-z", "-t", **options)).split("\0")
    return {line[2:] for line in lines if line[:2] == "H "}


def borrow_history(base, tip):
    """Check that the agent's objects are complete as far as they are needed."""
    parents = [
        line[7:]
        for line in text(git("cat-file", "-p", base)).split("\n\n")[0].splitlines()
        if line.startswith("parent ")
    ]
    objects_found = git("cat-file", "--batch-check", feed="\n".join(parents).encode()) if parents else b""
    if b"missing" in objects_found:  # we handed out a shallow checkout
        with open(f"{GIT_DIR}/shallow", "w", encoding="ascii") as file:
            file.write(base + "\n")
    git("cat-file", "-e", f"{tip}^{{commit}}")
