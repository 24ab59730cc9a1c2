"""Read what a repository of the agent names, as files: git itself would believe its configuration."""

import os
import re
import stat

from collector.door import AGENTS, ID, Damaged, text

MOST = 1 << 20  # bytes read of one file
FILES = 10_000  # ref files looked at
#: What git remembers of a merge, a pick or a rebase that has not ended, and that no ref names.
UNDERWAY = (
    *("MERGE_HEAD", "MERGE_AUTOSTASH", "CHERRY_PICK_HEAD", "REVERT_HEAD"),
    *(f"rebase-{how}/{name}" for how in ("merge", "apply") for name in ("orig-head", "autostash")),
)
MOVED_AWAY = re.compile(r"\tcheckout: moving from ([0-9a-f]{40}) to ")


def small_file(path):
    """Return the text of a small regular file; None if there is none. Follow no link, and never block on a pipe.

    :raises Damaged: it cannot be opened, or is a link.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Damaged(f"{path}: {getattr(error, 'strerror', error)}") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return text(os.read(handle, MOST)).strip()
    finally:
        os.close(handle)


def quiet(path):
    """Do the same; return None also if it cannot be read."""
    try:
        return small_file(path)
    except Damaged:
        return None


def ref(git_dir, name):
    """Read the file of a ref; a link in its place is read as git reads it, but never out of the repository.

    :raises Damaged: it leads out of the repository, or to nothing that can be read.
    """
    path = f"{git_dir}/{name}"
    if not os.path.islink(path):
        return small_file(path)
    target = os.readlink(path)
    if target.startswith("refs/"):  # core.preferSymlinkRefs
        return f"ref: {target}"
    real = os.path.realpath(path)
    if not real.startswith(f"{os.path.realpath(git_dir)}/"):
        raise Damaged(f"{path} leads out of the repository")
    return small_file(real)


def head(git_dir=AGENTS, own=None):
    """Return the commit that a HEAD names; None while it is unborn.

    :param own: the folder of the HEAD, where it is a linked work tree's.
    :raises Damaged: there is none, or it names nothing that can be a branch.
    """
    value = ref(own or git_dir, "HEAD")
    if value is None:
        raise Damaged(".git/HEAD is missing")
    for _ in range(5):
        if ID.fullmatch(value):
            return value
        name = value[5:].strip()
        if not value.startswith("ref: refs/") or "/../" in f"/{name}/":
            raise Damaged(".git/HEAD is not readable")
        value = ref(git_dir, name)
        if value is None:
            value = packed(git_dir).get(name)
        if value is None:
            return None
    raise Damaged(".git/HEAD names itself")


def packed(git_dir=AGENTS):
    """Return ids by name from packed-refs."""
    lines = (small_file(f"{git_dir}/packed-refs") or "").splitlines()
    return {line[41:]: line[:40] for line in lines if ID.fullmatch(line[:40]) and line[40:41] == " "}


def all_named(git_dir=AGENTS):
    """Return ids that a repository names besides HEAD: branches, tags, stashes, other work trees, what a merge or a
    rebase that has not ended needs, and where a detached HEAD was before it moved away."""
    ids = packed(git_dir)
    for path in _files(f"{git_dir}/refs"):
        name = path[len(git_dir) + 1 :]
        if ID.fullmatch(_quiet_ref(git_dir, name)):
            ids[name] = _quiet_ref(git_dir, name)
    for n, value in enumerate(reversed(logged(f"{git_dir}/logs/refs/stash"))):
        ids[f"stash@{{{n}}}"] = value
    for path in _files(f"{git_dir}/worktrees"):
        if path.endswith("/HEAD") and "/logs/" not in path and ID.fullmatch(value := quiet(path) or ""):
            ids[path[len(git_dir) + 1 :]] = value
    for name in UNDERWAY:
        for value in filter(ID.fullmatch, (quiet(f"{git_dir}/{name}") or "").split()):
            ids[name] = value
    for n, value in enumerate(MOVED_AWAY.findall(quiet(f"{git_dir}/logs/HEAD") or "")):
        ids[f"a detached HEAD ({n})"] = value
    return ids


def logged(path):
    """List ids that a reflog says its ref pointed at, oldest first."""
    lines = (quiet(path) or "").splitlines()
    return [line[41:81] for line in lines if ID.fullmatch(line[41:81]) and line[41:81] != "0" * 40]


def _quiet_ref(git_dir, name):
    try:
        return ref(git_dir, name) or ""
    except Damaged:
        return ""


def _files(top):
    """Yield files below a folder, at most FILES, not following links."""
    count = 0
    for folder, _, files in os.walk(top):
        for name in files:
            count += 1
            if count > FILES:
                return
            yield os.path.join(folder, name)
