"""Read and write small tar archives, for files that go in and out of containers."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 1 << 18


def small_files(folder: str, files: Mapping[str, bytes]) -> bytes:
    """Build an archive of one folder and of files in it that all users may read."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(folder)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class _Stream(io.RawIOBase):
    """Let pieces of bytes be read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._buffer = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        buffer = memoryview(into)
        while not self._buffer:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._buffer = piece
        piece_read = self._buffer[: len(buffer)]
        buffer[: len(piece_read)] = piece_read
        self._buffer = self._buffer[len(piece_read) :]
        return len(piece_read)


class TooLarge(Exception):
    """An archive holds more than it may."""


def members(pieces: Iterator[bytes], cap: int) -> dict[str, bytes]:
    """Return the regular files of an archive of one folder, by name.

    :raises TooLarge: the archive has more than `cap` bytes; no more of it is read.
    :raises tarfile.TarError: it is none.
    """
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BufferedReader(_Stream(_within(pieces, cap)), _CHUNK), mode="r|") as tar:
        for info in tar:
            source = tar.extractfile(info) if info.isreg() else None
            if source is not None:
                found[info.name.rpartition("/")[2]] = source.read()
    return found


def _within(pieces: Iterator[bytes], cap: int) -> Iterator[bytes]:
    for piece in pieces:
        cap -= len(piece)
        if cap < 0:
            raise TooLarge
        yield piece


def member(pieces: Iterator[bytes], target: IO[bytes], cap: int) -> bool:
    """Copy the one regular file of an archive to `target`; False where it is none, or larger than `cap` bytes."""
    with tarfile.open(fileobj=io.BufferedReader(_Stream(iter(pieces)), _CHUNK), mode="r|") as tar:
        info = tar.next()
        if info is None or not info.isreg() or info.size > cap:
            return False
        source = tar.extractfile(info)
        while source and (piece := source.read(_CHUNK)):
            target.write(piece)
    return True
