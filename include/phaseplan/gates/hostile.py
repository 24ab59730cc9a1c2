"""Find what no branch may bring in, whatever it owns: paths out of the tree, other repositories."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from phaseplan.gates.ground import Ground
from phaseplan.ledger.records import Finding
from phaseplan.repository.commit_paths import Change, changes, shown
from phaseplan.repository.objects import NEUTRAL
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import contents, entries
from phaseplan.text.file_names import bare_repositories, deceptive, turns, twins, unusual

_GITLINK, _SYMLINK, _NONE = "160000", "120000", "000000"
_LONGEST = 4096  # bytes of a link's target; no system follows a longer one
_HOPS = 40
_MANY = 50  # findings
_LONGEST_NAME = 255  # bytes of a person's name or address
_PEOPLE = ("author's name", "author's address", "committer's name", "committer's address")


def hostile(
    repo: GitRepo,
    base: str,
    commit: str,
    *,
    ground: Ground | None = None,
    changed: tuple[Change, ...] | None = None,
) -> tuple[Finding, ...]:
    """Find hostile changes between base and commit; nothing is checked out.

    :param ground: the commit whose attributes count, which no branch can have changed; None: the base.
    :param changed: what differs between the two, where the caller has it.
    """
    ground, changed = ground or Ground(repo, base), changes(repo, base, commit) if changed is None else changed
    new = [change.path for change in changed if change.added]
    present = [entry.path for entry in entries(repo, commit)] if new else []
    findings = [_finding(change.path, fault) for change in changed for fault in _faults(change)]
    findings += [_finding(path, fault) for path, fault in _links(repo, base, commit, changed)]
    findings += _unusual(ground, present, new)
    findings += _nested(ground, present, new)
    findings += _commits(repo, base, commit)
    findings += [_finding(path, "is a Git LFS file: agents work without its content, so they may not change it")
              for path in _lfs(ground, changed)]  # fmt: skip
    if len(findings) > _MANY:
        findings = [*findings[:_MANY], Finding(gate="hostile", message=f"and {len(findings) - _MANY} more like these")]
    return tuple(findings)


def _unusual(ground: Ground, present: Sequence[str], added: Sequence[str]) -> Iterator[Finding]:
    """Find new names that deceive or collide, except those that the ground has already."""
    for path, fault in unusual(added, lambda: ground.paths):
        yield _finding(path, fault)
    alike = twins(added, present) if added else []
    if alike and not twins(ground.paths, ground.paths):
        for path, other in alike:
            yield _finding(path, f"many systems take this name and {shown(other)} for one: give it another name")


def _commits(repo: GitRepo, base: str, commit: str) -> Iterator[Finding]:
    """Find authors and messages with control characters or too long names: history keeps them for ever."""
    form = "--format=%H%n%an%n%ae%n%cn%n%ce%n%B"
    for text in repo.run("log", "-z", "--no-show-signature", form, f"{base}..{commit}", env=NEUTRAL).out.split("\0"):
        if turns(text):
            message = f"the message or an author of commit {text[:12]} holds control characters, or ones that turn the "
            yield Finding(gate="hostile", message=f"{message}direction of reading: write it in plain characters")
        for role, name in zip(_PEOPLE, text.split("\n")[1:5], strict=False):
            if (size := len(name.encode("utf-8", "surrogateescape"))) > _LONGEST_NAME:
                message = (
                    f"the {role} of commit {text[:12]} is too long: set another (git config user.name, user.email)"
                )
                yield Finding(gate="hostile", message=message, limit=f"{_LONGEST_NAME} bytes", actual=f"{size} bytes")


def _nested(ground: Ground, present: Sequence[str], added: Sequence[str]) -> Iterator[Finding]:
    """Find new bare repositories: git obeys their configuration for a user who works in their folder."""
    if not added or not (folders := bare_repositories(present)):
        return
    if bare_repositories(ground.paths):
        return  # a custom of this repository, of its tests perhaps
    for folder in sorted(folders):
        if any(path.startswith(folder) for path in added):
            message = (
                "a git repository (HEAD, objects, refs), whose configuration git would obey: add the files that it "
            )
            yield _finding(folder.rstrip("/") or "HEAD", f"{message}holds, or make it where it is needed")


def _finding(path: str, message: str) -> Finding:
    return Finding(gate="hostile", file=shown(path), message=message)


def _faults(change: Change) -> Iterator[str]:
    if change.new_mode == _GITLINK:
        yield "adds or moves a submodule (gitlink): add the files themselves"
    elif change.old_mode == _GITLINK:
        yield "removes or replaces a submodule (gitlink)"
    if change.path.rpartition("/")[2].lower() == ".gitmodules":
        yield "changes the submodules' configuration"
    if change.new_mode != _NONE and any(_is_git(part) for part in change.path.split("/")):
        yield "a path that some systems take for .git"
    if change.added:
        yield from deceptive(change.path)


def _is_git(part: str) -> bool:
    """Say whether a file system that folds case, ignores marks or trailing dots would open `.git`."""
    visible = "".join(c for c in part if unicodedata.category(c) not in {"Cf", "Mn"})
    folded = unicodedata.normalize("NFKC", visible).lower().partition(":")[0].rstrip(". ")
    return folded in {".git", "git~1", ""} or part in {".", ".."}


def _lfs(ground: Ground, changed: tuple[Change, ...]) -> tuple[str, ...]:
    paths = [change.path for change in changed]
    values = ground.attributes(paths)
    return tuple(path for path in paths if values[path].get("filter") == "lfs")


def _links(repo: GitRepo, base: str, commit: str, changed: tuple[Change, ...]) -> list[tuple[str, str]]:
    """List links that lead out of the tree now and did not in the base.

    Every link is followed, not only the changed ones: a new link can redirect an old one.
    """
    touched = {change.path for change in changed}
    if not any(_SYMLINK in (change.new_mode, change.old_mode) for change in changed):
        return []
    now, before = _targets(repo, commit), _targets(repo, base)
    out = []
    for path in now:
        if not _stays_inside(path, now) and (path in touched or _stays_inside(path, before)):
            out.append((path, f"a symbolic link out of the tree: {shown(now[path])[:200]}"))
    return out


def _targets(repo: GitRepo, commit: str) -> dict[str, str]:
    """Return the target of every symbolic link of a commit, by path."""
    links = [entry for entry in entries(repo, commit) if entry.symlink]
    read = contents(repo, (entry.id for entry in links))
    out = {}
    for entry, (_, _, pieces) in zip(links, read, strict=True):
        target = b"".join(pieces)
        out[entry.path] = target[: _LONGEST + 1].decode("utf-8", "surrogateescape")
    return out


def _stays_inside(path: str, targets: dict[str, str]) -> bool:
    """Say whether following a link, through other links too, ends inside the tree without leaving it on the way.

    `.git` does not belong to the tree.

    `.git` is not of the tree.
    """
    place: list[str] = []
    todo = path.split("/")[::-1]
    hops = 0
    while todo:
        part = todo.pop()
        if part in {"", "."}:
            continue
        if part == "..":
            if not place:
                return False
            place.pop()
            continue
        if hops and _is_git(part):
            return False
        target = targets.get("/".join([*place, part]))
        if target is None:
            place.append(part)
            continue
        hops += 1
        if hops > _HOPS or len(target) > _LONGEST or target.startswith("/") or re.match(r"[A-Za-z]:|\\", target):
            return False
        todo += target.split("/")[::-1]
    return True
