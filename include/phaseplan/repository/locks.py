"""Remove what a killed git leaves in a repository: lock files that refuse every later push, quarantined packs.

git never removes them by itself. Where the target is a path on this machine, Phaseplan does, once a lock is old and
no living git holds it; elsewhere only the server's owner can, and is told so.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from phaseplan.config.settings import settings

#: Seconds after which a lock that no process holds counts as left behind. git holds one for as long as it writes a ref;
#: a holder on another machine (a shared file system) cannot be seen, so this is what protects it.
LOCK_AGE = 60.0
#: A quarantined pack blocks nothing, so it may lie this many times as long.
PATIENCE = 60
#: Seconds past its age for which the holder of a lock is waited for.
GRACE = 5.0

_TOP = ("HEAD.lock", "packed-refs.lock", "shallow.lock")  # beside the refs; no other lock is a push's
_LOCK = re.compile(r"Unable to create '([^'\n]+\.lock)': File exists")


def lock_age() -> float:
    """Return the seconds in force: the setting `lock_age`, else LOCK_AGE."""
    configured = settings().lock_age
    return LOCK_AGE if configured is None else configured


def named(message: str) -> tuple[str, ...]:
    """Return the paths of the locks that git's message names."""
    return tuple(dict.fromkeys(_LOCK.findall(message)))


def local(url: str) -> Path | None:
    """Return the git directory behind a path or a file:// URL; None for a target on another machine."""
    if "://" in url and not url.startswith("file://"):
        return None
    path = Path(unquote(urlsplit(url).path) if "://" in url else url)
    return next((p.resolve() for p in (path / ".git", path) if _is_repository(p)), None)


def _is_repository(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def sweep(target: Path, age: float) -> None:
    """Remove everything that a dead git left in a repository on this machine, as far as permissions allow."""
    leftovers = [(p, age) for p in _locks(target)] + [(p, age * PATIENCE) for p in _quarantined(target)]
    for path, limit in leftovers:
        _left_behind(target, path, limit)


def sweep_now_and_then(target: Path, age: float, mark: Path) -> None:
    """Sweep, unless that was done within `age`: the walk grows with the target, and every task begins with it.

    Who stumbles over a lock meanwhile does not wait for the next one; see `release`.

    :param mark: a file of this machine's that says when it was done.
    """
    if mark.exists() and 0 <= time.time() - mark.stat().st_mtime < age:
        return
    mark.touch()
    sweep(target, age)


def release(target: Path, paths: Sequence[str], age: float) -> bool:
    """Wait until locks are gone, and remove those that are left behind.

    :param paths: as a refused push named them.
    :return: False if one is still there GRACE seconds after its age, or lies outside this repository.
    """
    locks = [Path(os.path.normpath(target / p)) for p in paths]
    if not all(p.parent.resolve().is_relative_to(target) for p in locks):
        return False
    until = time.monotonic() + age + GRACE
    while not all(_left_behind(target, p, age) for p in locks):
        if time.monotonic() > until:
            return False
        time.sleep(min(0.1, age / 4))
    return True


def clear(own: Path) -> None:
    """Remove what a killed git left in a repository whose only lock the caller holds."""
    for path in (*_locks(own), *_quarantined(own)):
        _remove(path)


def _locks(repository: Path) -> Iterator[Path]:
    yield from (repository / name for name in _TOP if (repository / name).exists())
    for folder, _, names in os.walk(repository / "refs"):
        yield from (Path(folder, name) for name in names if name.endswith(".lock"))


def _quarantined(target: Path) -> Iterator[Path]:
    yield from (target / "objects").glob("tmp_objdir-*")
    yield from (target / "objects" / "pack").glob("tmp_*")
    yield from (target / "objects").glob("??/tmp_obj_*")


def _left_behind(target: Path, path: Path, age: float) -> bool:
    """Remove a path that is old and that no process uses.

    :return: whether the path is gone.
    """
    if path.exists() and _old(path, age):
        with _alone(target):
            # Looked at again: another healer may have removed it, and a living git may have made its own since.
            if _old(path, age) and not _git_works_in(target):
                _remove(path)
    return not path.exists()


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let one process at a time remove files, so that none removes a lock that was newly created meanwhile."""
    handle = os.open(target, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _old(path: Path, age: float) -> bool:
    """Say whether nothing in a path was written for `age` seconds; False if it vanished meanwhile."""
    try:
        newest = max(p.stat().st_mtime for p in (path, *path.rglob("*")))
    except FileNotFoundError:
        return False
    return time.time() - newest >= age


def _git_works_in(target: Path) -> bool:
    """Say whether a git of this machine works in the repository: receive-pack and gc make it their current folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone meanwhile, or another user's: then its age alone decides
            if (entry / "comm").read_text().startswith("git") and _inside(entry / "cwd", target):
                return True
    return False


def _inside(link: Path, target: Path) -> bool:
    return link.readlink().is_relative_to(target)


def _remove(path: Path) -> None:
    """Remove a path if permissions allow it; the caller checks whether it is gone."""
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
