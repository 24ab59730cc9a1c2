"""Cut a stream of text into lines, holding no more of a line than is shown."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.containers.redact import Redactor

#: Characters of a line that are shown.
LIMIT = 4096


class Lines:
    """Split pieces of text into whole lines without secrets; `rest` returns the last, unfinished line.

    A secret is replaced before a line is cut, so that no part of one is left on either side.
    """

    def __init__(self, redact: Redactor | None = None) -> None:
        self._redact = redact or Redactor(())
        self._room = LIMIT + self._redact.longest
        self._buffer = ""
        self._beyond = 0  # characters that were not kept

    def feed(self, piece: str) -> Iterator[str]:
        """Return the lines that this piece completes."""
        *whole, unfinished = piece.split("\n")
        for part in whole:
            self._add(part)
            yield self._line()
        self._add(unfinished)

    def rest(self) -> Iterator[str]:
        """Return the last line, if no newline ended it."""
        if self._buffer:
            yield self._line()

    def _add(self, part: str) -> None:
        room = self._room - len(self._buffer)
        self._buffer += part[:room]
        self._beyond += max(0, len(part) - room)

    def _line(self) -> str:
        text, beyond = self._buffer, self._beyond
        self._buffer, self._beyond = "", 0
        if not beyond:
            text = text.rstrip("\r")
        if len(text) + beyond <= LIMIT:
            return self._redact(text)
        cut = self._redact.seam(text, LIMIT)
        more = len(text) - cut + beyond
        return self._redact(text[:cut]) + (f" [{more:,} more characters of this line are not shown]" if more else "")
