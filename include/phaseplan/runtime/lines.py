"""Cuts a stream of text into lines without ever holding more than one of them."""

from __future__ import annotations

from collections.abc import Iterator

#: Longer lines are cut into pieces of this many characters.
LIMIT = 4096


class Lines:
    """Feed it pieces, get whole lines; what is left at the end comes from `rest`."""

    def __init__(self) -> None:
        self._left = ""

    def feed(self, piece: str) -> Iterator[str]:
        """Lines that the piece completes."""
        *whole, self._left = (self._left + piece).split("\n")
        for line in whole:
            yield from _cut(line)
        while len(self._left) > LIMIT:
            yield self._left[:LIMIT]
            self._left = self._left[LIMIT:]

    def rest(self) -> Iterator[str]:
        """The last line, when no newline ended it."""
        if self._left:
            yield self._left
        self._left = ""


def _cut(line: str) -> Iterator[str]:
    line = line.rstrip("\r")
    for start in range(0, max(len(line), 1), LIMIT):
        yield line[start : start + LIMIT]
