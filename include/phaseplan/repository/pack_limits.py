"""Measure a pack before git unpacks it; stop reading at the first limit, because its bytes are hostile."""

from __future__ import annotations

import re
import zlib
from typing import IO

from phaseplan.config.limits import Limits

_COMMIT, _TREE, _BLOB = 1, 2, 3
_CHUNK = 1 << 16
_DATE = re.compile(rb"^(?:author|committer) .*> (\d+) [+-]\d{4}$", re.MULTILINE)
_OVERHEAD = 16 << 20  # bytes: the folders and the commit that the collector makes for what was left uncommitted


class TooMuch(Exception):
    """A pack is beyond a limit."""

    def __init__(self, message: str, limit: str, actual: str) -> None:
        super().__init__(message)
        self.limit, self.actual = limit, actual


class Unreadable(Exception):
    """A file is not a pack as the collector writes it."""


def scan(pack: IO[bytes], limits: Limits) -> None:
    """Check every object of a pack without deltas, and rewind it.

    :raises TooMuch: its objects, unpacked, are beyond a limit.
    :raises Unreadable: it is damaged, or holds deltas, whose size is unknown before they are unpacked.
    """
    reader = _Reader(pack)
    head = reader.take(12)
    if head[:4] != b"PACK":
        raise Unreadable("it is no pack")
    total, trees, commits = 0, 0, 0
    for _ in range(int.from_bytes(head[8:12], "big")):
        kind, size = reader.header()
        total += size
        trees += size if kind == _TREE else 0
        commits += kind == _COMMIT
        _check(kind, size, total, trees, commits, limits)
        body = reader.inflate(size, keep=kind == _COMMIT)
        for date in _DATE.findall(body.split(b"\n\n")[0]):
            if int(date) > limits.date:
                raise TooMuch(
                    "a commit's date is out of range", f"{limits.date} s since 1970", f"{date[:30].decode()} s"
                )
    pack.seek(0)


def _check(kind: int, size: int, total: int, trees: int, commits: int, limits: Limits) -> None:
    if kind not in {_COMMIT, _TREE, _BLOB}:
        raise Unreadable("it holds deltas or tags")
    most = limits.bytes + _OVERHEAD
    if total > most:
        raise TooMuch("what came back is too large, unpacked", f"{most} bytes", f"at least {total} bytes")
    if trees > limits.trees + _OVERHEAD:
        raise TooMuch("its folders are too large", f"{limits.trees + _OVERHEAD} bytes", f"at least {trees} bytes")
    if kind == _COMMIT and size > limits.message:
        raise TooMuch("a commit's message is too long", f"{limits.message} bytes", f"{size} bytes")
    if commits > limits.commits + 2:  # what was left uncommitted, and what is kept beside
        raise TooMuch("it holds too many commits", f"{limits.commits} commits", f"at least {commits}")


class _Reader:
    """Read a pack forwards; hold one chunk."""

    def __init__(self, pack: IO[bytes]) -> None:
        self._pack, self._buffer = pack, b""

    def take(self, count: int) -> bytes:
        """Return exactly `count` bytes."""
        while len(self._buffer) < count:
            piece = self._pack.read(_CHUNK)
            if not piece:
                raise Unreadable("it ends too early")
            self._buffer += piece
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def header(self) -> tuple[int, int]:
        """Return type and unpacked size of the next object."""
        byte = self.take(1)[0]
        kind, size, shift = (byte >> 4) & 7, byte & 15, 4
        while byte & 0x80:
            byte = self.take(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if shift > 70:
                raise Unreadable("it gives a size that cannot be")
        return kind, size

    def inflate(self, size: int, *, keep: bool) -> bytes:
        """Skip one object's contents, which must be exactly `size` bytes; return them if `keep` is set."""
        stream, count, contents = zlib.decompressobj(), 0, b""
        try:
            while not stream.eof:
                if not self._buffer:
                    self._buffer = self._pack.read(_CHUNK)
                    if not self._buffer:
                        raise Unreadable("it ends in the middle of an object")
                out = stream.decompress(self._buffer, _CHUNK)
                self._buffer = stream.unused_data if stream.eof else stream.unconsumed_tail
                count += len(out)
                contents += out if keep else b""
                if count > size:
                    raise Unreadable("an object is larger than it says")
        except zlib.error as error:
            raise Unreadable(f"an object cannot be unpacked: {error}") from error
        if count != size:
            raise Unreadable("an object is smaller than it says")
        return contents
