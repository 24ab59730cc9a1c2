"""Keep the caches of all repositories on this machine within a bound; never remove one that is in use."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from phaseplan.config.settings import cache_size

#: Seconds between two measurements of their size.
EVERY = 600.0
#: Seconds after its last use for which a cache stays whatever its size: the next task needs it again.
FRESH = 3600.0


@dataclass(frozen=True)
class Cache:
    """Hold one repository's cache: where it is, its bytes, and when it was last used (seconds of the epoch)."""

    home: Path
    key: str
    size: int
    used: float


def spare_caches(home: Path, before: float) -> list[Cache]:
    """List the caches that were last used before a time, and of the others the longest unused beyond `cache_size`."""
    caches = [Cache(home, path.stem, _size(path), _used(home, path.stem)) for path in home.glob("*.git")]
    caches.sort(key=lambda cache: cache.used)
    over = sum(cache.size for cache in caches if cache.used >= before) - cache_size()
    spare = []
    for cache in caches:
        if cache.used < before or over > 0:
            spare.append(cache)
            over -= 0 if cache.used < before else cache.size
    return spare


def drop(cache: Cache) -> bool:
    """Remove a cache; return False if a process uses it."""
    return _remove(cache.home, cache.key)


def keep_small(home: Path, own: str) -> None:
    """Remove caches that are not in use, the longest unused first, until all together are within `cache_size`.

    :param own: the key of the cache that is about to be used.
    """
    mark = home / "measured"
    if mark.exists() and 0 <= time.time() - mark.stat().st_mtime < EVERY:
        return
    mark.touch()
    sizes = {path.stem: _size(path) for path in home.glob("*.git")}
    spare = sum(sizes.values()) - cache_size()
    for key in sorted(sizes.keys() - {own}, key=lambda key: _used(home, key)):
        if spare <= 0:
            return
        if time.time() - _used(home, key) >= FRESH and _remove(home, key):
            spare -= sizes[key]


def _remove(home: Path, key: str) -> bool:
    """Remove a cache; return False if a process uses it."""
    lock = os.open(home / f"{key}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    users = os.open(home / f"{key}.users", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        for handle in (lock, users):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(home / f"{key}.git")
    except OSError:
        return False
    finally:
        os.close(users)
        os.close(lock)
    return True


def _used(home: Path, key: str) -> float:
    try:
        return (home / f"{key}.users").stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    """Count the bytes of a folder's files; a file that vanishes meanwhile is skipped."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(top, name).lstat().st_size
            except OSError:
                continue
    return total
