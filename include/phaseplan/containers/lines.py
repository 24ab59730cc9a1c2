"""Cut a stream of text into lines, holding no more of a line than is shown."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.containers.redact import Redactor

#: Characters of a line that are shown.
LIMIT = 4096


class Lines:
    """Feed it pieces, get whole lines without secrets; what is left at the end comes from `rest`.

    A secret is replaced before a line is cut, so that no part of one is left on either side.
    """

    def __init__(self, redact: Redactor | None = None) -> None:
        self._redact = redact or Redactor(())
        self._room = LIMIT + self._redact.longest
        self._held = ""
        self._beyond = 0  # characters that are not held any more

    def feed(self, piece: str) -> Iterator[str]:
        """Lines that the piece completes."""
        *whole, left = piece.split("\n")
        for part in whole:
            self._add(part)
            yield self._line()
        self._add(left)

    def rest(self) -> Iterator[str]:
        """The last line, when no newline ended it."""
        if self._held:
            yield self._line()

    def _add(self, part: str) -> None:
        room = self._room - len(self._held)
        self._held += part[:room]
        self._beyond += max(0, len(part) - room)

    def _line(self) -> str:
        held, beyond = self._held, self._beyond
        self._held, self._beyond = "", 0
        if not beyond:
            held = held.rstrip("\r")
        if len(held) + beyond <= LIMIT:
            return self._redact(held)
        cut = self._redact.seam(held, LIMIT)
        more = len(held) - cut + beyond
        return self._redact(held[:cut]) + (f" [{more:,} more characters of this line are not shown]" if more else "")
