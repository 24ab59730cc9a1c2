"""Show a log of any length in bounded space: its beginning, the number of lines left out, and its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

FIRST = 10_000  # lines from the beginning that are shown
LAST = 2_000  # lines from the end that are shown whatever came before
#: About what the engine writes around each line of a container's log.
_FRAME = 80


class Excerpt:
    """Pass the first and the last lines of a log on to another sink. Call `end` after the last line.

    :param shown: makes a line fit to be shown; applied to the log's lines, not to the notice about left-out lines.
    :param skip: number of lines from the beginning that another process has shown already.
    """

    def __init__(
        self,
        sink: Callable[[str], None],
        shown: Callable[[str], str] = str,
        *,
        skip: int = 0,
        first: int = FIRST,
        last: int = LAST,
    ) -> None:
        self._shown = shown
        self._sink, self._skip, self._first = sink, skip, max(skip, first)
        self._end: deque[str] = deque(maxlen=last)
        self.count = 0
        self.size = 0

    def __call__(self, line: str) -> None:
        """Take the next line."""
        self.count += 1
        self.size += len(line) + _FRAME
        if self.count > self._first:
            self._end.append(line)
        elif self.count > self._skip:
            self._sink(self._shown(line))

    def end(self) -> None:
        """Report how many lines are left out, and show the last ones."""
        left_out = self.count - self._first - len(self._end)
        if left_out > 0:
            first, last = self._first + 1, self._first + left_out
            self._sink(f"[{left_out:,} lines are left out here: {first:,} to {last:,} of {self.count:,}]")
        for line in self._end:
            self._sink(self._shown(line))
        self._end.clear()
