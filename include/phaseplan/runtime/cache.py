"""Private repositories: one per task, its objects borrowed from a cache that all tasks on this machine share."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from include.phaseplan.errors import Infrastructure
from include.phaseplan.runtime.disk import disk_errors
from include.phaseplan.runtime.git import GitRepo
from include.phaseplan.runtime.locks import clear

#: Seconds for which a filled cache is fresh enough: it saves transfers, it is never the truth.
FRESH = 30.0
#: Seconds to wait for another process that fills the cache: longer than any first fetch should take.
WAIT = 1800.0


@contextmanager
def private_repo(state: Path, url: str, fill: Callable[[GitRepo], None]) -> Iterator[GitRepo]:
    """A temporary bare repository that sees the cache's objects; gone afterwards.

    :param fill: fetches the target's refs into the cache; called under the cache's lock.
    """
    home = state / "cache"
    with disk_errors():
        (home / "private").mkdir(parents=True, exist_ok=True)
        _sweep(home / "private")
        shared = _filled(home, url, fill)
        name, lock = _own(home / "private")
    try:
        with disk_errors():
            repo = GitRepo.init(home / "private" / f"{name}.git", keep=(lock,))
            (repo.path / "objects" / "info" / "alternates").write_text(f"{(shared.path / 'objects').resolve()}\n")
        yield repo
    finally:
        _drop(home / "private", name)
        os.close(lock)


def _filled(home: Path, url: str, fill: Callable[[GitRepo], None]) -> GitRepo:
    """The cache of one URL. Nothing ever leaves it (no gc, prune only drops names), so borrowing from it is safe."""
    key = hashlib.sha256(url.encode()).hexdigest()[:16]
    path, stamp = home / f"{key}.git", home / f"{key}.stamp"
    with _locked(home / f"{key}.lock") as lock:
        if not (path / "HEAD").exists():
            stamp.unlink(missing_ok=True)
            _make(path)
        if not stamp.exists() or not 0 <= time.time() - stamp.stat().st_mtime < FRESH:
            clear(path)  # the lock is ours and every git under it is gone: what lies there is a killed one's
            _refill(GitRepo(path, keep=(lock,)), fill)
            stamp.touch()
    return GitRepo(path)


def _refill(cache: GitRepo, fill: Callable[[GitRepo], None]) -> None:
    """Its refs are only what a fetch has seen: where a crash of the machine damaged one, they are all made again."""
    try:
        fill(cache)
    except Infrastructure:
        if cache.run("for-each-ref", ok=tuple(range(256))).err == "":
            raise
        (cache.path / "packed-refs").unlink(missing_ok=True)
        shutil.rmtree(cache.path / "refs")
        (cache.path / "refs").mkdir()
        fill(cache)


def _make(path: Path) -> None:
    """Whole or not at all: a killed maker leaves only a directory with another name, which the next one removes."""
    for draft in path.parent.glob(f"{path.stem}.draft-*"):
        shutil.rmtree(draft, ignore_errors=True)
    draft = path.with_suffix(f".draft-{uuid.uuid4().hex}")
    GitRepo.init(draft)
    shutil.rmtree(path, ignore_errors=True)
    draft.rename(path)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(handle, path)
        yield handle
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path) -> None:
    """A git that hangs, left by a killed process, must not hold everybody for ever."""
    until = time.monotonic() + WAIT
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Infrastructure(f"a git has been filling {path} for {WAIT:.0f} s; end it, or wait") from None
            time.sleep(0.02)


def _own(folder: Path) -> tuple[str, int]:
    """A fresh name and the lock that says its owner lives; the kernel drops the lock with the process."""
    while True:
        name = uuid.uuid4().hex[:12]
        path = folder / f"{name}.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if path.exists():  # a sweeper may have taken it between the two calls
            return name, handle
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left behind."""
    for path in folder.glob("*.git"):
        if not path.with_suffix(".lock").exists():  # it is made after its lock and goes before it
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob("*.lock"):
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _drop(folder, path.stem)
            except BlockingIOError:
                pass
            finally:
                os.close(handle)


def _drop(folder: Path, name: str) -> None:
    shutil.rmtree(folder / f"{name}.git", ignore_errors=True)
    (folder / f"{name}.lock").unlink(missing_ok=True)
