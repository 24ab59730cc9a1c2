"""Say what a line of a document holds, and which lines belong to one that defines something."""

from __future__ import annotations

import re
from collections.abc import Collection

from phaseplan.documents.outline.lines import LONGEST, Document
from phaseplan.documents.outline.text import plain

_WIDE = 0x2E80  # from here on, scripts put no space between words


class Evidence:
    """Hold a document's lines as proof."""

    def __init__(self, doc: Document) -> None:
        self.lines = {line.number: line for line in doc.lines}
        self.raws = [" ".join(raw.split()) for raw in re.split(r"\r\n|\n|\r", doc.text)]
        self.long = {i for i, raw in enumerate(self.raws, 1) if len(raw) > LONGEST}

    def fault(self, line: int) -> str | None:
        """Return why a line proves nothing, whatever it holds; None if it may."""
        if not 1 <= line <= len(self.raws):
            return f"the document has no line {line}"
        return f"line {line} is longer than {LONGEST} characters, which proves nothing" if line in self.long else None

    def holds(self, line: int, value: str) -> bool:
        """Say whether a line holds a text whole: `1.1` is not in `1.10`, nor `a/b` in `a/bc`."""
        wanted = " ".join(value.split())
        if self.fault(line) or not re.search(r"\w", wanted):
            return False
        raw = self.raws[line - 1]
        return any(_within(text, wanted) for text in (raw, plain(raw)))

    def counts(self, line: int, number: int) -> bool:
        """Say whether a line holds a number in digits, alone or as `1,200`."""
        if self.fault(line) or not 0 <= number < 10**9:
            return False
        forms = {str(number), f"{number:,}", f"{number:,}".replace(",", "."), f"{number:,}".replace(",", " ")}
        found = re.findall(r"(?<![\d.,])(?:(?<!-)0*)?(\d[\d,. ]*?)(?![\d]|[.,]\d| \d{3})", self.raws[line - 1])
        return any(text in forms for text in found)

    def block(self, line: int, borders: Collection[int], wide: bool = False) -> range:
        """Return the lines that belong to one: a row alone; else all below, up to what defines something else.

        :param borders: lines that define something.
        :param wide: of a list item also the items beside it.
        """
        own = self.lines.get(line)
        if own is None or own.kind in ("row", "head"):
            return range(line, line + 1)
        at = line + 1
        while at <= len(self.raws) and at not in borders and not self._ends(line, at, wide):
            at += 1
        return range(line, at)

    def _ends(self, line: int, at: int, wide: bool) -> bool:
        own, other = self.lines[line], self.lines.get(at)
        if other is None:
            return False
        if other.kind == "heading":
            first = all((one := self.lines.get(i)) and one.kind == "heading" for i in range(line, at))
            return not first and (own.kind != "heading" or other.level <= own.level)
        if own.kind != "item" or wide:
            return False
        gap = self.lines.get(at - 1)
        return (other.kind == "item" and other.level <= own.level) or (
            other.kind in ("text", "head") and other.level <= own.level and gap is not None and gap.kind == "blank"
        )


def _within(text: str, wanted: str) -> bool:
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if _apart(text[:at], wanted[0], before=True) and _apart(text[end:], wanted[-1], before=False):
            return True
        at = text.find(wanted, at + 1)
    return False


def _apart(rest: str, edge: str, before: bool) -> bool:
    """Say whether a text ends where its neighbour begins: no letter, digit, or `.1`, `-x` goes on."""
    near = rest[::-1] if before else rest
    if not rest or ord(edge) >= _WIDE:
        return True
    if not (edge.isalnum() or edge == "_"):
        return not (edge in "./-" and near[0].isalnum())  # `src/` is not in `src/a/`
    if near[0].isalnum() or near[0] == "_":
        return ord(near[0]) >= _WIDE
    return not (near[0] in "./-" and len(near) > 1 and near[1].isalnum() and ord(near[1]) < _WIDE and edge.isalnum())
