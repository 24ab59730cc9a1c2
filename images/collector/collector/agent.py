"""Reads the agent's repository as files: its HEAD and every other name it gave to a commit."""

import os
import re
import stat

from collector.door import GIT_DIR, ID, WORKSPACE, Damaged, git, text

MOST = 1 << 20  # bytes read of one file
FILES = 10_000  # ref files looked at
INDEX_MOST = 256 << 20  # bytes
#: What git remembers of a merge, a pick or a rebase that has not ended, and that no ref names.
UNDERWAY = (
    *("MERGE_HEAD", "MERGE_AUTOSTASH", "CHERRY_PICK_HEAD", "REVERT_HEAD"),
    *(f"rebase-{how}/{name}" for how in ("merge", "apply") for name in ("orig-head", "autostash")),
)
MOVED_AWAY = re.compile(r"\tcheckout: moving from ([0-9a-f]{40}) to ")


def small_file(path):
    """Text of a small regular file; None where there is none. Never follows a link, never blocks on a pipe."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(f"{path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return text(os.read(handle, MOST)).strip()
    finally:
        os.close(handle)


def head():
    """The commit the agent's HEAD names, read from the files themselves; None while it is unborn."""
    git_dir = f"{WORKSPACE}/.git"
    if not os.path.isdir(git_dir) or os.path.islink(git_dir):
        raise Damaged(".git is missing")
    value = small_file(f"{git_dir}/HEAD")
    if value is None:
        raise Damaged(".git/HEAD is missing")
    for _ in range(5):
        if ID.fullmatch(value):
            return value
        name = value[5:].strip()
        if not value.startswith("ref: refs/") or "/../" in f"/{name}/":
            raise Damaged(".git/HEAD is not readable")
        value = small_file(f"{git_dir}/{name}")
        if value is None:
            return packed().get(name)
    raise Damaged(".git/HEAD names itself")


def packed():
    """Ids by name from packed-refs."""
    lines = (small_file(f"{WORKSPACE}/.git/packed-refs") or "").splitlines()
    return {line[41:]: line[:40] for line in lines if ID.fullmatch(line[:40]) and line[40:41] == " "}


def named():
    """Every id that the agent's repository names besides HEAD: branches, tags, stashes, other work trees, what a merge
    or a rebase that has not ended needs, and where a detached HEAD was before it moved away."""
    git_dir = f"{WORKSPACE}/.git"
    found = packed()
    for path in _files(f"{git_dir}/refs"):
        value = _quiet(path)
        if value and ID.fullmatch(value):
            found[path[len(git_dir) + 1 :]] = value
    for n, value in enumerate(reversed(logged(f"{git_dir}/logs/refs/stash"))):
        found[f"stash@{{{n}}}"] = value
    for path in _files(f"{git_dir}/worktrees"):
        if path.endswith("/HEAD") and "/logs/" not in path and ID.fullmatch(value := _quiet(path) or ""):
            found[path[len(git_dir) + 1 :]] = value
    for name in UNDERWAY:
        for value in filter(ID.fullmatch, (_quiet(f"{git_dir}/{name}") or "").split()):
            found[name] = value
    for n, value in enumerate(MOVED_AWAY.findall(_quiet(f"{git_dir}/logs/HEAD") or "")):
        found[f"a detached HEAD ({n})"] = value
    return found


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


def logged(path):
    """Ids that a reflog says its ref pointed at, oldest first."""
    try:
        lines = (small_file(path) or "").splitlines()
    except Damaged:
        return []
    return [line[41:81] for line in lines if ID.fullmatch(line[41:81]) and line[41:81] != "0" * 40]


def _quiet(path):
    try:
        return small_file(path)
    except Damaged:
        return None


def _files(top):
    """Files below a folder, not following links, and not without end."""
    seen = 0
    for folder, _, files in os.walk(top):
        for name in files:
            seen += 1
            if seen > FILES:
                return
            yield os.path.join(folder, name)


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
