"""Read cells of a table by kind of column, and turn tables whose rows are attributes."""

from __future__ import annotations

import re
from dataclasses import replace

from phaseplan.documents.importing.blocks import Block, Row
from phaseplan.documents.importing.columns import column
from phaseplan.documents.importing.context import wave_of
from phaseplan.documents.importing.words import clean, line_counts

_UNIT = re.compile(r"\b(?:days|hours)\b", re.IGNORECASE)
_THOUSANDS = re.compile(r"\bk(?:ilo)?[- ]?(?:loc|lines)", re.IGNORECASE)
_BARE = re.compile(r"~?\d+(?:[.,]\d+)?(?:\s*[-\u2013]\s*\d+)?")
_OF_BRANCHES = {"id", "branch", "lines", "needs", "owns", "title"}
_OF_WAVES = _OF_BRANCHES | {"branches", "duration", "agents", "start"}


class Cells:
    """Read one row by kind of column."""

    def __init__(self, row: Row, where: dict[str, int], header: Row) -> None:
        self.row, self.where, self.line = row, where, row.line
        self.heads = {kind: header.cells[i] for kind, i in where.items() if i < len(header.cells)}

    def raw(self, kind: str) -> str:
        """Return a cell as written; empty if there is no such column."""
        i = self.where.get(kind, -1)
        return self.row.cells[i] if 0 <= i < len(self.row.cells) else ""

    def text(self, kind: str) -> str:
        """Return a cell without markup; a bare number gets the unit that the column's heading counts."""
        text = clean(self.raw(kind))
        unit = _UNIT.search(self.heads.get(kind, "")) if kind in ("duration", "start") else None
        return f"{text} {unit[0]}" if unit and _BARE.fullmatch(text) else text

    def sizes(self) -> tuple[int, ...]:
        """Return estimates of lines; in a column of thousands, `0.55` and `0,55` are 550."""
        text = self.text("lines")
        if not _THOUSANDS.search(self.heads.get("lines", "")):
            return line_counts(text)
        return tuple(round(float(n.replace(",", ".")) * 1000) for n in re.findall(r"\d{1,4}(?:[.,]\d{1,3})?", text)[:1])


def upright(block: Block) -> Block:
    """Turn a table with an attribute a row and a branch or a wave a column."""
    heads, rows = block.rows[0].cells, block.rows[1:]
    first = [column(row.cells[0]) for row in rows if row.cells]
    kinds_found = {kind for kind in first if kind in _OF_WAVES}
    of_waves = len(heads) > 2 and all(
        wave_number(clean(head)) is not None and "wave" in head.lower() for head in heads[1:]
    )
    if of_waves and len(kinds_found) > 1:
        return _turned(block, "Wave", block.rows[0].line)
    kinds_found &= _OF_BRANCHES
    if len(kinds_found) < 3 or len(kinds_found) < 0.6 * len(first) or {column(h) for h in heads[1:]} & kinds_found:
        return block
    by = next((row for row, kind in zip(rows, first, strict=False) if kind in ("id", "branch")), block.rows[0])
    return _turned(block, "Agent", by.line)


def _turned(block: Block, corner: str, line: int) -> Block:
    """Make columns to rows; `corner` is the heading of the column of former headings."""
    across = [
        [row.cells[i] if i < len(row.cells) else "" for row in block.rows] for i in range(len(block.rows[0].cells))
    ]
    rows = (Row(line, tuple(cells)) for cells in across[1:])
    return replace(block, rows=(Row(block.rows[0].line, (corner, *across[0][1:])), *rows))


def wave_number(text: str) -> int | None:
    """Parse the wave's number in `1`, `Wave 1`, `W1`, `6.1`."""
    match = re.match(r"\W*(?:w(?:ave)?[ _-]*)?(?:\d{1,3}\.)?(\d{1,3})\b(?![.\d])", text, re.IGNORECASE)
    return int(match[1]) if match else wave_of(text)
