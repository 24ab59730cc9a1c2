"""Commit what lies in the workspace: what the agent left uncommitted is its work too, byte for byte."""

import os
import re
import stat

from collector import agent, submodules
from collector.door import SPOKEN, WORKSPACE, git, names, raw, text
from collector.owned import ignored

MANY = 100_000  # left-over files that one commit takes
REFUSED = re.compile(r"(\.git|git~1)[ .]*([:\\].*)?", re.IGNORECASE | re.DOTALL)  # git's own rule, on every system


def snapshot(parent, task, room, report):
    """Commit what lies in the workspace on `parent`; return `parent` itself if nothing is left over."""
    readable_again()
    before = text(git("write-tree", "--missing-ok")).strip()
    paths = _left_over(room, task, report)
    hidden = {path: None for path in paths if behind_a_link(path)}
    _index(hidden, "--force-remove")
    _index([path for path in paths if path not in hidden], "--add", "--remove", "--replace")
    tree = text(git("write-tree", "--missing-ok")).strip()
    if tree == before:
        return parent
    return commit(tree, [parent], task["date"], "Work left uncommitted by the agent\n")


def _index(paths, *how):
    if paths:
        feed = raw("".join(f"{path}\0" for path in paths))
        git("update-index", *how, "-z", "--stdin", feed=feed, work_tree=WORKSPACE)


def behind_a_link(path, top=WORKSPACE):
    """Say whether a folder on the way to a path is a link now: git refuses to look there, and the file is gone."""
    parts = path.split("/")[:-1]
    return any(os.path.islink(os.path.join(top, *parts[: n + 1])) for n in range(len(parts)))


def commit(tree, parents, date, message):
    """Make a commit whose id depends only on the arguments."""
    person = f"Phaseplan <phaseplan@localhost> {date} +0000"
    parent_lines = "".join(f"parent {parent}\n" for parent in parents)
    body = f"tree {tree}\n{parent_lines}author {person}\ncommitter {person}\n\n{message}"
    return text(git("hash-object", "-t", "commit", "-w", "--stdin", feed=raw(body))).strip()


def readable_again():
    """Make readable what an agent made unreadable for itself."""
    for folder, folders, files in os.walk(WORKSPACE):
        if folder == WORKSPACE and ".git" in folders:
            folders.remove(".git")
        for entries, need in ((folders, 0o700), (files, 0o400)):
            for name in entries:
                path = os.path.join(folder, name)
                try:
                    mode = os.lstat(path).st_mode
                    if not stat.S_ISLNK(mode) and mode & need != need:
                        os.chmod(path, stat.S_IMODE(mode) | need)
                except OSError:
                    pass


def _left_over(room, task, report):
    """Return paths to commit; report those that cannot be taken, and leave them out."""
    away = submodules.look(report, names("ls-files", "-z", "--stage")) | agent.not_checked_out()
    listed = names("ls-files", "-z", "--others", "--modified", "--exclude-standard", work_tree=WORKSPACE)
    _report_hostile([path for path in listed if path.endswith("/")], NESTED, report)
    paths = dict.fromkeys(path for path in listed if not path.endswith("/") and path not in away)
    paths.update(dict.fromkeys(ignored(task["owned"])[0]))
    for message, wrong in NO_FILES:
        refused_paths = {path for path in paths if wrong(os.path.join(WORKSPACE, path))}
        _report_hostile(sorted(refused_paths), message, report)
        paths = {path: None for path in paths if path not in refused_paths}
    refused = {path for path in paths if any(REFUSED.fullmatch(part) for part in path.split("/"))}
    _report_hostile(sorted(refused), "a name that git takes for a repository is not collected", report)
    return within(sorted((size(path), path) for path in paths if path not in refused), room, report)


def _special(place):
    """Say whether a path is a pipe, a socket or a device, which git cannot hold."""
    try:
        mode = os.lstat(place).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))


def _repository(place):
    return os.path.isdir(place) and not os.path.islink(place) and os.path.lexists(f"{place}/.git")


NESTED = "a repository inside the workspace is not collected"
#: What may stand where the base has a file, and cannot be committed.
NO_FILES = (("neither a file, a link nor a folder any more: it is not collected", _special), (NESTED, _repository))


def _report_hostile(paths, message, report):
    for path in paths[:SPOKEN]:
        report.finding(message, path, gate="hostile")


def unmerged(report):
    """Report a merge that the agent began and did not end."""
    for path in sorted(agent.unmerged())[:SPOKEN]:
        report.finding("is in the middle of a merge: decide what stays, then `git add` or `git rm` it", path,
                       gate="markers")  # fmt: skip


def size(path):
    """Return the bytes of a regular file; 0 for anything else, and if there is nothing."""
    try:
        info = os.lstat(os.path.join(WORKSPACE, path))
    except OSError:
        return 0
    return info.st_size if stat.S_ISREG(info.st_mode) else 0


def within(sized, room, report):
    """Return the paths that fit, the smallest first."""
    total, fitting, too_many = 0, [], []
    for bytes_, path in sized:
        if total + bytes_ > room or len(fitting) >= MANY:
            too_many.append((bytes_, path))
        else:
            total += bytes_
            fitting.append(path)
    for bytes_, path in too_many[:SPOKEN]:
        if total + bytes_ > room:
            report.finding("left uncommitted and too large to bring back", path, f"{room} bytes", f"{bytes_} bytes")
        else:
            report.finding("left uncommitted, with more files than one commit takes", path, f"{MANY} files",
                           f"{len(sized)} files")  # fmt: skip
    if len(too_many) > SPOKEN:
        report.finding(
            f"{len(too_many) - SPOKEN} more files left uncommitted did not fit",
            limit=f"{room} bytes, {MANY} files",
            actual=f"{total + sum(s for s, _ in too_many)} bytes, {len(sized)} files",
        )
    return fitting
