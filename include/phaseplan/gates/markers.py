"""Find conflict markers of a merge that was not finished."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

USUAL = 7  # characters of a marker, unless the attribute conflict-marker-size says another number
_MARK = re.compile(rb"(?:(([<|>])\2{3,})( \S.*)?|(={4,}))\Z", re.DOTALL)


@dataclass(frozen=True)
class Mark:
    """One line that looks like a marker of git. `named`: it names its side, as git always writes it."""

    kind: str  # < | = >
    named: bool
    line: int
    size: int = USUAL  # characters


def mark_of(text: bytes, line: int) -> Mark | None:
    """Return the marker that a line is; None for any other line. A marker stands at the very start."""
    if text[:1] not in (b"<", b"|", b"=", b">"):
        return None
    match = _MARK.match(text.rstrip(b"\r\n"))
    if not match:
        return None
    marker = match[1] or match[4]
    return Mark(marker[:1].decode(), bool(match[3]), line, len(marker))


def conflicts(marks: Sequence[Mark], size: int = USUAL) -> tuple[int, ...]:
    """Return the line numbers in the new file where conflicts with markers of this size begin.

    A row of `=======` alone underlines a heading, and so may `<<<<<<<` and `>>>>>>>` in reStructuredText. A conflict is
    all three in their order, or two of them where the beginning or the end says whose side it is: a half that is left.
    """
    beginnings: list[int] = []
    begin: Mark | None = None
    middle: Mark | None = None
    for mark in (mark for mark in marks if mark.size == size):
        if mark.kind == "<":
            beginnings += [begin.line] if begin and begin.named and middle else []
            begin, middle = mark, None
        elif mark.kind in "=|":
            middle = middle or mark
        else:
            first = begin or middle
            named = mark.named or bool(begin and begin.named)
            beginnings += [first.line] if first and (named or (begin and middle)) else []
            begin = middle = None
    beginnings += [begin.line] if begin and begin.named and middle else []
    return tuple(beginnings)
