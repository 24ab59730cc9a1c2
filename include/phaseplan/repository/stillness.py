"""Watch a git that talks to another repository: has it said anything, does anything move?"""

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

SAID_AFTER = 10.0  # seconds of stillness after which whoever reads the log learns what is waited for
_RATE = 1000.0  # bytes a second; a server that only keeps a connection alive sends one or two
_TICK = 1000.0  # a hundredth of a second of git's own work weighs as much as so many bytes
_CHUNK = 1 << 16
_LEFT = 5.0  # seconds that pipes of a git that was killed may still be read


class Stillness:
    """Ends a git process after too long a time in which neither a word came nor anything moved.

    :param what: the operation and the target, for the log.
    :param limit: seconds.
    :param stop: ends the process with all it started.
    """

    def __init__(self, process: Any, what: str, limit: float, stop: Callable[[], None]) -> None:
        self._process, self._what, self._limit, self._stop = process, what, limit, stop
        self._heard = time.monotonic()
        self._over = Event()
        self._counted: dict[int, float] = {}
        self.given_up = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch while the caller reads."""
        watcher = Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()

    def read(self) -> tuple[bytes, bytes]:
        """Everything the process writes, until it has ended."""
        out, err = bytearray(), bytearray()
        pairs = ((self._process.stdout, out), (self._process.stderr, err))
        readers = [Thread(target=self._drain, args=pair, daemon=True) for pair in pairs]
        for reader in readers:
            reader.start()
        self._process.wait()
        for reader in readers:
            # Whoever inherited a pipe and got away holds it open; what git itself wrote has been read by then.
            reader.join(_LEFT if self.given_up else None)
        return bytes(out), bytes(err)

    def _drain(self, stream: IO[bytes], into: bytearray) -> None:
        with suppress(OSError, ValueError):  # closed under our feet
            while piece := cast(BufferedReader, stream).read1(_CHUNK):  # a pipe of subprocess is buffered
                self._heard = time.monotonic()
                into += piece
            stream.close()

    def _watch(self) -> None:
        moved, told = 0.0, False
        while not self._over.wait(min(1.0, self._limit / 4)):
            moved += self._moved()
            if moved >= _RATE * self._limit:
                self._heard, moved = time.monotonic(), 0.0
            still = time.monotonic() - self._heard
            if still >= self._limit:
                self.given_up = True
                self._stop()
                return
            if still >= SAID_AFTER and not told:
                log.warning("%s has said nothing for %d s; waiting for it, until %d s", self._what, still, self._limit)
                told = True

    def _moved(self) -> float:
        """What git and its transports have read, written and worked since the last look.

        Hooks do not count: one that turns in a circle moves nothing. Where there is no /proc, nobody knows, and only
        the limit of the whole command holds.
        """
        if not Path("/proc/self/io").exists():
            return _RATE * self._limit
        now = {pid: _weight(pid) for pid in (self._process.pid, *below(self._process.pid))}
        more = sum(max(0.0, weight - self._counted.get(pid, 0.0)) for pid, weight in now.items())
        self._counted = now
        return more


def _weight(pid: int) -> float:
    """Bytes and work of one process, if it is a git or a transport of git."""
    folder = Path("/proc") / str(pid)
    try:
        if not (folder / "comm").read_text().startswith(("git", "ssh")):
            return 0.0
        moved = sum(int(line.split()[1]) for line in (folder / "io").read_text().splitlines()[:2])
        ticks = sum(map(int, (folder / "stat").read_text().rpartition(")")[2].split()[11:13]))
    except (OSError, IndexError, ValueError):  # it ended in between, or is somebody else's
        return 0.0
    return moved + ticks * _TICK
