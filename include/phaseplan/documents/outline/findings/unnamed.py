"""Find needs of waves and phases that nothing in a document names: no unit can stand for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from phaseplan.documents.importing.words import spelt_out
from phaseplan.documents.outline import tables
from phaseplan.documents.outline.attributes import FEEDS, NEEDS
from phaseplan.documents.outline.headings import GROUPS
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import Part, Trouble
from phaseplan.documents.outline.text import plain

_KINDS = GROUPS - {"round", "layer", "track", "tier", "lot", "golf", "fala", "iteration"}
_GROUP = re.compile(  # `Wave 0`, `Phases 1 and 2`, `Milestone M3`, `W0`; which words are groups is looked up
    r"\b(?P<word>[^\W\d_]+)\s*#?M?"
    r"(?P<numbers>\d{1,3}(?:\s*(?:[,&\u2013-]|and|und|y|et|to|through)\s*\d{1,3}\b)*)(?![\w/-]|\.\d)"
)
_SHORT = [f"w{number}" for number in range(10)]
_DIGIT = re.compile(r"\d")
_NEED = re.compile(
    rf"(?<![\w-])(?:{NEEDS}|depend(?:ed|ent|ing|enc(?:y|ies))?(?: (?:up)?on)?|prerequisites?|blocked(?:[ -]by| until)?)"
    rf"\W{{1,4}}(?:(?!(?:{FEEDS})\b)[\w'/-]+,? \(?){{0,4}}$",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\W*(?:\w+ ){0,2}(?:must|has to|have to|needs? to|should) (?:be )?(?:\w+ )?(?:first|before)\b", re.I
)
_NOT = re.compile(r"\b(?:not?|none|nothing|never|without|independent)\b|n['\u2019]t\b", re.IGNORECASE)
_END = re.compile(r"[.;]\s")
_TITLED = re.compile(r"\s*\**(?:[:(|\u2013\u2014-]|$)")


@dataclass(frozen=True, slots=True)
class _Mention:
    """Hold one place of a line that names groups, and whether it says that they are needed."""

    shown: str
    groups: tuple[tuple[str, int], ...]
    needed: bool
    naming: bool


def needs(doc: Document, parts: Iterable[Part], reported: set[int]) -> Iterator[Trouble]:
    """Report needs of groups that are neither named in the document nor its other phases; `reported`: by line."""
    numbered = [(line, line.raw.lower()) for line in doc.lines if _DIGIT.search(line.raw)]
    whole = "\n".join(text for _, text in numbered)
    words = [word for word in (*_KINDS, *_SHORT) if word in whole]  # few: only lines with one are looked at
    lines = (line for line, text in numbered if any(word in text for word in words))
    cells = _cells(doc)
    every = [(line, mention) for line in lines for mention in _mentions(line, cells.get(line.number, set()))]
    if not any(mention.needed for _, mention in every):
        return
    named = {group for _, mention in every if mention.naming for group in mention.groups} | _in_columns(doc)
    for part in parts:
        named |= {(group.word, group.number) for group in part.groups}
        ties = (part.number, *part.depends, *part.blocks, *part.independent)
        named |= {("phase", tie.value) for tie in ties if tie is not None and tie.value is not None}
    for line, mention in every:
        if mention.needed and line.number not in reported and not named.issuperset(mention.groups):
            reported.add(line.number)
            message = f"this needs {mention.shown}, which nothing in this document names"
            yield Trouble("PP916", line.number, message, "name the units instead, or drop it if another plan has them")


def _cells(doc: Document) -> dict[int, set[str]]:
    """Return the cells that say what a row needs, by the row's line."""
    return {
        row.number: {row.cells[i] for i, kind in table.kinds.items() if kind == "needs" and i < len(row.cells)}
        for table in tables.tables(doc)
        for row in table.rows
    }


def _mentions(line: Line, needy: set[str]) -> Iterator[_Mention]:
    """Yield the mentions of groups in a line; `needy`: its cells that say what it needs."""
    for text in line.cells or (line.raw if line.kind == "code" else line.text,):
        bare = plain(text)
        for match in _GROUP.finditer(bare):
            if (word := _word(match["word"])) is None:
                continue
            before = bare[: match.start()]
            states = line.kind in ("heading", "item", "text", "row") and not _NOT.search(_END.split(before)[-1])
            needed = text in needy or (states and bool(_NEED.search(before) or _FIRST.match(bare, match.end())))
            titled = not re.search(r"\w", before) and (bool(line.cells) or _TITLED.match(bare, match.end()) is not None)
            groups = tuple((word, number) for number in spelt_out(match["numbers"]))
            yield _Mention(match[0], groups, needed, not needed and (titled or line.kind in ("heading", "code")))


def _word(word: str) -> str | None:
    """Return the word of a group, of which there may be several; None if it is none."""
    lowered = "wave" if word == "W" else word.lower()
    return next((one for one in (lowered, lowered.removesuffix("s")) if one in _KINDS), None)


def _in_columns(doc: Document) -> set[tuple[str, int]]:
    """Return the groups that the columns of waves hold as numbers alone."""
    waves = ((table, column) for table in tables.tables(doc) if (column := table.column("wave")) is not None)
    return {
        (word, int(number))
        for table, column in waves
        for cell in table.cells(column)
        for number in re.findall(r"\d{1,3}", cell)
        for word in {table.word, "wave"}
    }
