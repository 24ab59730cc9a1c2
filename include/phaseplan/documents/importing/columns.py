"""Find what the columns of a table hold, and read its cells; a table whose rows are attributes is turned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from phaseplan.documents.importing.blocks import Block, Row
from phaseplan.documents.importing.context import wave_of
from phaseplan.documents.importing.words import REMEMBERED, clean, ids, ids_out, line_counts, names
from phaseplan.documents.outline.attributes import kind_of
from phaseplan.documents.outline.text import any_paths

#: Kinds of columns that only tables have, and headings that say more than a word that `attributes` knows.
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("feeds", r"^(?:blocking|consum(?:ed by|ers?)|prerequisites? of)\b"),
    ("critical", r"critical"),
    ("needs", r"depend|require[sd]?\b(?! agents)|prereq|needs|builds on|blocked by|after$|wait(?:s|ing) (?:for|on)"),
    ("agents", r"^(?:max\w*\.? )?(?:parallel|concurrent)\b|(?:agents|engineers|developers)\b|parallelism"),
    ("others", r"shared (?:with|by)|contribut|secondary|also (?:touched|modified)|modified by|touched by"),
    (
        "owner",
        r"^(?:primary |file |lead )?owne[rd](?: (?:agent|branch|by))?$|^belongs to$|^written by$|^primary\b|writer$",
    ),
    (
        "agent",
        r"^(?:agent|assigne[ed]|engineer|worker|developer|session|workspace|worktree)(?: ?(?:#|id|no\.?|name|to))?$",
    ),
    ("id", r"^(?:#|no\.?|id|ref)$|\bid$|^id\b|^(?:branch|task|effort|item|sub-?phase) ?(?:#|no\.?|number)$"),
    (
        "branches",
        r"^(?:(?:total|number|no\.|#)(?: of)? ?)?(?:branches|efforts)\b(?! names?)|branch count|"
        r"^(?:members|tasks|issues|tickets|stories|items|packages|work (?:items|packages))$|^branch ids?\b.*s\)?$",
    ),
    ("branch", r"\bbranch\b|^git\b"),
    ("wave", r"^(?:execution |assigned |target )?waves?(?: ?(?:#|no\.?|number|name|id))?$"),
    (
        "owns",
        r"^(?:(?:owned|primary|target|main|key|exclusive|touched|shared|common) )?"
        r"(?:files?|paths?|packages?|dir(?:ector(?:y|ies))?s?|folders?|locations?|places?|territory)\b(?! count)|"
        r"^code paths?|owned|(?:package|file) (?:path|pattern)|^(?:owns|ownership|touches|writes|edits|modifies)\b",
    ),
    ("lines", r"\bloc\b|(?<!one )\blines?\b|\bsize\b"),
    (
        "duration",
        r"duration|^takes$|wall[- ]?clock|elapsed|\btime\b(?! ?zone)|hours|\beffort\b ?\(|estimate|\best\.?$|length",
    ),
    ("start", r"^(?:start|timeline|schedule|day|days|when)\b"),
    ("risk", r"\brisks?\b|threat|conflict (?:type|area)|known issues?"),
    ("mitigation", r"mitigat|resolution|strategy|response"),
    (
        "title",
        r"focus|title|^role$|descri|feature|component|scope|deliver|purpose|\btask|\bwork|module|"
        r"content|what|name|^item|^ticket|^issue|^story|^unit|area|effort|theme|goal|objective|summary|topic",
    ),
)
_KNOWN = {"needs": "needs", "feeds": "feeds", "name": "branch", "lines": "lines"}  # of `attributes`


@lru_cache(maxsize=REMEMBERED)
def column(heading: str) -> str:
    """Return what a column holds; what was done so far is no estimate."""
    text = clean(heading).lower().strip(" :*")
    if re.search(r"\b(?:so far|to date|actual|remaining|progress)\b", text):
        return ""
    known = _KNOWN.get(kind_of(text) or "") if text != "before" else None
    return known or next((kind for kind, pattern in _COLUMNS if re.search(pattern, text)), "")


def columns(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]] = ()) -> dict[str, int]:
    """Return the first column of every kind.

    :param rows: cells, which decide where headings leave it open: `Package` may hold ids or paths, `Est.` hours
        or lines.
    """
    cells = [[row[i] for row in rows if i < len(row) and clean(row[i])] for i in range(len(headings))]
    kinds = [_by_content(column(heading), cells[i]) for i, heading in enumerate(headings)]
    out: dict[str, int] = {}
    for i, kind in enumerate(kinds):
        if kind:
            out.setdefault(kind, i)
    open_ids = [i for i, several in enumerate(cells) if kinds[i] in _OPEN and any(ids(clean(c)) for c in several)]
    if not {"id", "branches"} & out.keys() and len(open_ids) == 1 and _are_ids(cells[open_ids[0]]):
        out = _retold(out, "id", open_ids[0])
    if "wave" not in out and cells and cells[0] and all(_WAVE.match(clean(cell)) for cell in cells[0]):
        out = _retold(out, "wave", 0)
    places = [i for i, several in enumerate(cells) if column(headings[i]) in ("", "title") and _are_paths(several)]
    return _retold(out, "owns", places[0]) if "owns" not in out and len(places) == 1 else out


def _retold(out: dict[str, int], kind: str, i: int) -> dict[str, int]:
    """Make a column one of another kind."""
    return {kind: i, **{other: at for other, at in out.items() if at != i}}


_WAVE = re.compile(r"\W*(?:wave\W*\d|w\d{1,2}\W*$)", re.IGNORECASE)
_COUNTED = re.compile(r"~?\s*\d[\d,]{1,6}(?:\s*(?:\u2192|->)\s*\d[\d,]*)?")
_OPEN = ("", "title", "branch", "owns", "risk")  # headings that ids may stand under


def _by_content(kind: str, cells: list[str]) -> str:
    """Return what a column holds by its heading, unless its cells cannot be that."""
    if kind == "owns" and cells and not any(any_paths(cell) or "`" in cell for cell in cells):
        several = any(len(ids(clean(cell))) > 1 for cell in cells)
        return "branches" if several else "id" if _are_ids(cells) else ""
    if kind == "duration" and cells and all(_COUNTED.fullmatch(clean(cell)) for cell in cells):
        return "lines"
    if kind == "duration" and cells and all(re.search(r"\d\s*(?:lines|loc)\b", clean(cell), re.I) for cell in cells):
        return "lines"
    if kind in ("id", "branch") and any(len(ids(clean(cell))) > 1 for cell in cells):
        return "branches"
    return kind


def _are_paths(cells: list[str]) -> bool:
    """Say whether every cell holds only paths."""
    alone = all(re.fullmatch(r"(?:`[^`/~.][^`]*/[^`]*`(?:\s*(?:,|;|and|<br>)\s*)?)+", cell.strip()) for cell in cells)
    return bool(cells) and alone and not any(names(cell) for cell in cells)


def _are_ids(cells: list[str]) -> bool:
    """Say whether every cell holds one id of its own and nothing else."""
    ids_by_cell = [ids(clean(cell)) for cell in cells]
    alone = all(
        len(f) == 1 and not re.search(r"[A-Za-z]{3}", ids_out(clean(c)))
        for f, c in zip(ids_by_cell, cells, strict=True)
    )
    return bool(cells) and alone and len({f[0] for f in ids_by_cell}) == len(cells)


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
    if len(kinds_found) < 3 or {column(h) for h in heads[1:]} & kinds_found:
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
