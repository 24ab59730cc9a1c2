"""Watch a git that talks to another repository: does it write anything, does it transfer or compute anything?"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any, cast

from phaseplan.repository.processes import below

log = logging.getLogger(__name__)

SAID_AFTER = 10.0  # seconds of stillness after which the log names what the process waits for
_RATE = 1000.0  # bytes a second; a server that only keeps a connection alive sends one or two
_TICK = 1000.0  # a hundredth of a second of git's own work weighs as much as so many bytes
_CHUNK = 1 << 16
_LEFT = 5.0  # seconds that pipes of a git that was killed may still be read


class Stillness:
    """End a git process that for too long has neither written nor transferred nor computed anything.

    :param what: the operation and the target, for the log.
    :param limit: seconds.
    :param stop: ends the process with all it started.
    """

    def __init__(self, process: Any, what: str, limit: float, stop: Callable[[], None]) -> None:
        self._process, self._operation, self._limit, self._stop = process, what, limit, stop
        self._active_at = time.monotonic()
        self._over = Event()
        self._counted: dict[int, float] = {}
        self.given_up = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the process while the caller reads."""
        watcher = Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()

    def read(self) -> tuple[bytes, bytes]:
        """Read everything the process writes, until it has ended."""
        out, err = bytearray(), bytearray()
        pairs = ((self._process.stdout, out), (self._process.stderr, err))
        readers = [Thread(target=self._drain, args=pair, daemon=True) for pair in pairs]
        for reader in readers:
            reader.start()
        self._process.wait()
        for reader in readers:
            # A process that inherited a pipe and escaped holds it open; what git itself wrote has been read by then.
            reader.join(_LEFT if self.given_up else None)
        return bytes(out), bytes(err)

    def _drain(self, stream: IO[bytes], into: bytearray) -> None:
        with suppress(OSError, ValueError):  # closed meanwhile by another thread
            while piece := cast(BufferedReader, stream).read1(_CHUNK):  # a pipe of subprocess is buffered
                self._active_at = time.monotonic()
                into += piece
            stream.close()

    def _watch(self) -> None:
        progress, is_reported = 0.0, False
        while not self._over.wait(min(1.0, self._limit / 4)):
            progress += self._progress()
            if progress >= _RATE * self._limit:
                self._active_at, progress = time.monotonic(), 0.0
            still_seconds = time.monotonic() - self._active_at
            if still_seconds >= self._limit:
                self.given_up = True
                self._stop()
                return
            if still_seconds >= SAID_AFTER and not is_reported:
                log.warning(
                    "%s has said nothing for %d s; waiting for it, until %d s",
                    self._operation,
                    still_seconds,
                    self._limit,
                )
                is_reported = True

    def _progress(self) -> float:
        """Measure what git and its transports have read, written and computed since the last call, in bytes.

        Hooks do not count: one in an endless loop makes no progress. Without /proc nothing can be measured, and only
        the limit of the whole command holds.
        """
        if not Path("/proc/self/io").exists():
            return _RATE * self._limit
        now = {pid: _weight(pid) for pid in (self._process.pid, *below(self._process.pid))}
        more = sum(max(0.0, weight - self._counted.get(pid, 0.0)) for pid, weight in now.items())
        self._counted = now
        return more


def _weight(pid: int) -> float:
    """Return bytes and work of one process, if it is a git or a transport of git; else 0."""
    folder = Path("/proc") / str(pid)
    try:
        if not (folder / "comm").read_text().startswith(("git", "ssh")):
            return 0.0
        moved = sum(int(line.split()[1]) for line in (folder / "io").read_text().splitlines()[:2])
        ticks = sum(map(int, (folder / "stat").read_text().rpartition(")")[2].split()[11:13]))
    except (OSError, IndexError, ValueError):  # it ended in between, or belongs to another user
        return 0.0
    return moved + ticks * _TICK
