"""Give each task a private repository that borrows objects from a cache shared by all tasks on this machine.

The cache is filled only with what a task asks for: a branch that no task on this machine needs may be large or damaged
without harm. What a fetch brings is seen whole or not at all, because it comes as one pack.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from phaseplan.errors import Infrastructure
from phaseplan.repository.cache_bound import keep_small
from phaseplan.repository.disk import disk_errors
from phaseplan.repository.locks import clear
from phaseplan.repository.objects import missing
from phaseplan.repository.repo import GitRepo

#: Seconds to wait for another process that fills the cache: longer than any first fetch should take.
WAIT = 1800.0
#: Seconds to wait for it where that only saves work.
BRIEFLY = 1.0
#: Packs after which a cache puts small ones together.
PACKS = 40
#: Refs in files of their own after which a cache puts them into one: every fetch opens each of them, twice.
LOOSE = 50


_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
"""

Fetch = Callable[[GitRepo, Sequence[str]], None]


class PrivateRepo(GitRepo):
    """A repository of one task that also reads the shared cache of its target."""

    def __init__(self, path: Path, shared: Path, *, keep: tuple[int, ...] = ()) -> None:
        super().__init__(path, keep=keep)
        self.shared = shared  # the cache
        self._in_cache: set[str] = set()  # commits that were found in the cache itself, which loses none while in use

    def fill(self, sources: Sequence[str], wanted: Sequence[str], fetch: Fetch) -> None:
        """Fetch refs of the target into the cache.

        :param sources: names of refs, a `*` at the end allowed.
        :param wanted: commits that are looked for; where another task has brought them meanwhile, nothing is fetched.
        :param fetch: brings refspecs into the cache; called under its lock.
        """
        with disk_errors(), locked(self.shared.with_suffix(".lock")) as lock:
            cache = GitRepo(self.shared, keep=(lock,))
            if wanted and not missing(cache, wanted):
                return
            clear(self.shared)  # the lock is ours and no git runs under it: what lies there was left by a killed one
            _refill(cache, lambda: fetch(cache, [f"+{source}:{kept(source)}" for source in sources]))
            _tidy(cache)

    def hand_on(self, refs: Mapping[str, str]) -> None:
        """Put what the target has taken from here into the cache too: the next task on this machine need not fetch it.

        As one pack, like what is fetched. It only saves a fetch: a task that fills the cache is not waited for long,
        and what goes wrong here fails nothing.

        :param refs: commits by the names of the target's refs.
        """
        new = {ref: sha for ref, sha in refs.items() if sha not in self.present}
        if not new:
            return
        with suppress(Infrastructure), disk_errors(), locked(self.shared.with_suffix(".lock"), BRIEFLY) as lock:
            cache = GitRepo(self.shared, keep=(lock,))
            # What ends the walk has to be in the cache itself: there a commit never is without all it needs.
            unsure = self.present - self._in_cache
            self._in_cache |= unsure - set(missing(cache, unsure))
            feed = "".join(f"{line}\n" for line in (*new.values(), "--not", *sorted(self._in_cache)))
            pack = str((self.shared / "objects" / "pack" / "pack").resolve())
            self.run("pack-objects", "--revs", "--local", "--non-empty", "--quiet", pack, stdin=feed.encode())
            moves = "".join(f"update {kept(ref)} {sha}\n" for ref, sha in new.items())
            cache.run("update-ref", "--stdin", stdin=moves.encode())
            self.present.update(new.values())
            self._in_cache.update(new.values())
            _tidy(cache)


def kept(ref: str) -> str:
    """Return the name of a target's ref in the cache: flat, so that `x` and `x/y` of two days lie side by side."""
    top, star, _ = ref.partition("*")
    return f"refs/kept/{hashlib.sha256(top.encode()).hexdigest()[:32]}{'/' + star if star else ''}"


def _tidy(cache: GitRepo) -> None:
    """Put small packs together, and refs into one file, where there are many."""
    if len(list((cache.path / "objects" / "pack").glob("*.pack"))) > PACKS:
        cache.run("repack", "--geometric=2", "-d", "-q", "--no-write-bitmap-index")  # it drops no object
    if sum(len(names) for _, _, names in os.walk(cache.path / "refs" / "kept")) > LOOSE:
        cache.run("pack-refs", "--all", ok=tuple(range(256)))


@contextmanager
def private_repo(state: Path, url: str) -> Iterator[PrivateRepo]:
    """Create a temporary bare repository that reads the cache's objects; remove it afterwards. Fetch nothing yet."""
    home, key = state / "cache", _key(url)
    with disk_errors():
        (home / "private").mkdir(parents=True, exist_ok=True)
        _sweep(home / "private")
    with _in_use(home, key) as users:
        with disk_errors():
            keep_small(home, key)
            name, lock = _own(home / "private")
        try:
            with disk_errors():
                repo = PrivateRepo(home / "private" / f"{name}.git", home / f"{key}.git", keep=(lock, users))
                _lay_out(repo.path, repo.shared)
            yield repo
        finally:
            _drop(home / "private", name)
            os.close(lock)


def _lay_out(path: Path, shared: Path) -> None:
    """Make an empty bare repository that borrows objects: what `git init` makes, without a process and its template."""
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (path / folder).mkdir(parents=True)
    (path / "config").write_text(_CONFIG)
    (path / "objects" / "info" / "alternates").write_text(f"{(shared / 'objects').resolve()}\n")
    (path / "HEAD").write_text("ref: refs/heads/main\n")


def mark_of(state: Path, url: str) -> Path:
    """Name the file whose age says when this machine last tidied up in a target; make its folder."""
    home = state / "cache"
    with disk_errors():
        home.mkdir(parents=True, exist_ok=True)
    return home / f"{_key(url)}.swept"


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]


@contextmanager
def _in_use(home: Path, key: str) -> Iterator[int]:
    """Mark the cache of one URL as in use, so that it is not removed; create it if there is none."""
    with disk_errors(), locked(home / f"{key}.lock"):
        users = os.open(home / f"{key}.users", os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(users, fcntl.LOCK_SH)
        os.utime(users)
        if not (home / f"{key}.git" / "HEAD").exists():
            _make(home / f"{key}.git")
    try:
        yield users
    finally:
        os.close(users)


def _refill(cache: GitRepo, fetch: Callable[[], None]) -> None:
    """Fetch into the cache; if a crash of the machine damaged its refs, remove them all and fetch again."""
    try:
        fetch()
    except Infrastructure:
        if cache.run("for-each-ref", ok=tuple(range(256))).err == "":
            raise
        (cache.path / "packed-refs").unlink(missing_ok=True)
        shutil.rmtree(cache.path / "refs")
        (cache.path / "refs").mkdir()
        fetch()


def _make(path: Path) -> None:
    """Create a cache completely or not at all: a killed process leaves only a draft folder, removed next time."""
    for draft in path.parent.glob(f"{path.stem}.draft-*"):
        shutil.rmtree(draft, ignore_errors=True)
    draft = path.with_suffix(f".draft-{uuid.uuid4().hex}")
    GitRepo.init(draft)
    shutil.rmtree(path, ignore_errors=True)
    draft.rename(path)


@contextmanager
def locked(path: Path, patience: float | None = None) -> Iterator[int]:
    """Hold a file's lock; every git that inherits the handle holds it too.

    :param patience: seconds to wait for it; None: as long as a first fetch may take.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(handle, path, WAIT if patience is None else patience)
        yield handle
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path, patience: float) -> None:
    """Wait for the lock, not for ever: a git that hangs may have been left by a killed process."""
    until = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Infrastructure(f"a git has been filling {path} for {patience:.0f} s; end it, or wait") from None
            time.sleep(0.02)


def _own(folder: Path) -> tuple[str, int]:
    """Return a fresh name and a lock that shows that its owner lives; the kernel drops the lock with the process."""
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
