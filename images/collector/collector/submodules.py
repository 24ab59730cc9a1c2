"""Look into the folders of submodules. A workspace has them empty: any content was made or fetched by the agent.

A submodule that was only fetched and built from is no work. Other content is never collected, and is reported.
"""

import os

from collector import names
from collector.door import AGENTS, HOME, WORKSPACE, Damaged, git, init, text

BORROWED, INDEX = f"{HOME}/module", f"{HOME}/module-index"


def look(report, listed):
    """Return paths of submodules that are no change: an empty folder is their initial state, and a missing one is fine.

    :param listed: lines of `git ls-files --stage`.
    """
    same = set()
    for line in listed:
        head, path = line.split("\t", 1)
        place = os.path.join(WORKSPACE, path)
        if not head.startswith("160000") or (os.path.lexists(place) and not _folder(place)):
            continue
        if os.path.lexists(f"{place}/.git"):
            _repository(report, path, head.split()[1], same)
            continue
        same.add(path)
        if os.path.lexists(place) and os.listdir(place):
            report.finding("files inside a submodule are not collected", path, gate="hostile")
    return same


def _repository(report, path, expected, same):
    """Report a repository in the folder, unless it shows exactly the expected commit. One whose HEAD is another commit
    is a change, and is refused like every repository inside the workspace."""
    try:
        git_dir = _git_dir(f"{WORKSPACE}/{path}/.git")
        head = names.head(git_dir)
        if head not in (None, expected):
            return
        same.add(path)
        if head and not _own(git_dir, head, f"{WORKSPACE}/{path}"):
            return
        why = "holds files or commits of its own"
    except (Damaged, OSError, ValueError) as error:
        same.add(path)
        why = f"cannot be read ({error})"
    report.say("left", f"the repository in the folder of the submodule {path}: it {why}")


def _git_dir(path):
    """Return where the repository of a submodule is: in its folder, or below the workspace's own.

    :raises Damaged: somewhere else.
    """
    if _folder(path):
        return path
    pointer = names.small_file(path) or ""
    place = os.path.realpath(os.path.join(os.path.dirname(path), pointer.removeprefix("gitdir: ")))
    if not pointer.startswith("gitdir: ") or not place.startswith(f"{os.path.realpath(AGENTS)}/modules/"):
        raise Damaged("its .git leads elsewhere")
    return place


def _own(git_dir, head, place):
    """Say whether it holds more than what was fetched: commits on branches, stashes, or uncommitted files."""
    init(git_dir, BORROWED)
    how = {"git_dir": BORROWED, "index": INDEX}
    if names.quiet(f"{git_dir}/shallow"):
        with open(f"{BORROWED}/shallow", "w", encoding="ascii") as file:
            file.write(f"{names.quiet(f'{git_dir}/shallow')}\n")
    logged = names.logged(f"{git_dir}/logs/HEAD")
    named = names.all_named(git_dir)
    fetched = {oid for name, oid in named.items() if name.startswith(("refs/remotes/", "refs/tags/"))}
    feed = "\n".join([*named.values(), *logged, f"^{head}", *(f"^{oid}" for oid in fetched)]).encode()
    if git("rev-list", "--max-count=1", "--stdin", feed=feed, **how):
        return True
    git("read-tree", head, **how)
    listed = git("ls-files", "-z", "--others", "--modified", "--exclude-standard", work_tree=place, **how)
    return any(os.path.lexists(os.path.join(place, path)) for path in text(listed).split("\0")[:-1])


def _folder(path):
    return os.path.isdir(path) and not os.path.islink(path)
