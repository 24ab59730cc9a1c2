"""Find the lines that look like units or edges and were not used: nothing is lost in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from phaseplan.documents.outline import edges, regrouping, tables
from phaseplan.documents.outline.findings import unnamed
from phaseplan.documents.outline.headings import CRITERIA, GROUPS, numbered
from phaseplan.documents.outline.ids import CODE, NO_UNIT
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import Outline, Trouble
from phaseplan.documents.outline.text import cell_paths, git_names, paths

_CODED = re.compile(rf"\[?(?:{CODE}|#\d{{1,6}})\]?(?:\s*[:.)|\u2013\u2014]|\s+-)\s*\S")
_TASK = re.compile(
    r"(?:Task|Story|PR|Issue|Ticket|Branch|Unit)\s*#?\d{1,4}(?:\.\d{1,3})*\b\s*[:.\u2013\u2014-]\s*\S", re.IGNORECASE
)
_NO_UNITS = re.compile(
    r"acceptance|criteria|definition of|verification|validation|success|"
    r"requirements?\b|(?<!low.)(?<!high.)(?<!medium.)risks?\b|"
    r"checklist|"
    rf"out of scope|open questions|references|glossary|sign-?off|decisions?\b|metrics?\b|notes?\b|{CRITERIA}",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"\W*(?:depends on|dependencies|blocked by|prerequisites?|requires)\W*:\W*(\S.*)", re.IGNORECASE
)
_WORDS = {"unit": "a unit of work", "edge": "a dependency"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Hold a line that looks like a unit or an edge."""

    line: int
    kind: str


def candidates(doc: Document) -> Iterator[Candidate]:
    """Yield them in order, whatever the document's format is."""
    defining = [table for table in tables.tables(doc) if tables.defines(table)]
    rows = {row.number for table in defining for row in table.rows}
    tied = {one.head.number for one in tables.tables(doc) if tables.has_ids(one) and "needs" in one.kinds.values()}
    tied -= {table.head.number for table in defining}  # tables of things that need each other
    barred = False
    for line in doc.lines:
        if line.kind == "heading":
            barred = _NO_UNITS.search(line.plain) is not None
            if _heading(line):
                yield Candidate(line.number, "unit")
        elif (line.kind == "row" and line.number in rows) or (line.kind == "item" and not barred and _item(line)):
            yield Candidate(line.number, "unit")
        elif line.number in tied or _looks_tied(line):
            yield Candidate(line.number, "edge")


def _looks_tied(line: Line) -> bool:
    return regrouping.looks_listed(line) or edges.looks_drawn(line) or (line.kind in ("item", "text") and _edge(line))


def _edge(line: Line) -> bool:
    """Say whether a line says what something needs, other than the files that are to be read before."""
    match = _ATTRIBUTE.fullmatch(line.plain) if ":" in line.plain else None
    return edges.mentions(line.plain) or (match is not None and cell_paths(match[1]) is None)


def _heading(line: Line) -> bool:
    head = numbered(line.text) if line.level > 1 else None
    return head is not None and head.word not in GROUPS and not NO_UNIT.match(head.shown)


def _item(line: Line) -> bool:
    return (line.box is not None and line.level <= 1) or _named(line)


def _named(line: Line) -> bool:
    """Say whether an item begins with an id or a git name."""
    text = line.plain.lstrip("*_ ")
    if NO_UNIT.match(text):
        return False
    named = git_names(line.text)
    return bool(
        _CODED.match(text) or _TASK.match(text) or (named and text.startswith(named[0]) and not paths(line.text))
    )


def report(doc: Document, outline: Outline) -> tuple[list[Trouble], int, int]:
    """Return a report for each line that was not used, how many were used, and how many there are."""
    own = {unit.line for unit in outline.units if not unit.file}
    texts = {text.line for unit in outline.units for text in (*unit.texts, *unit.feeds)}
    reported = reported_lines(outline.troubles)
    own |= texts
    troubles, used, rows = of_lines(doc, outline.used | own | reported, own)
    return [*troubles, *unnamed.needs(doc, outline.parts, reported | texts | reported_lines(troubles))], used, rows


def reported_lines(troubles: list[Trouble]) -> set[int]:
    """Return the lines of which it is reported that they were not used."""
    return {trouble.line for trouble in troubles if trouble.code in ("PP914", "PP916")}


def of_waves(doc: Document, used: set[int]) -> tuple[list[Trouble], int, int]:
    """Return the same for a plan in waves, whose units all have ids or names: a checkbox without one is a criterion."""
    boxes = {line.number for line in doc.items if line.box is not None and not _named(line)}
    return of_lines(doc, used, without=boxes)


def of_lines(
    doc: Document, used: set[int], own: set[int] | None = None, without: set[int] | None = None
) -> tuple[list[Trouble], int, int]:
    """Return the same for the lines that were used; `own` are rows whatever they look like, `without` are none."""
    every = {one.line: one.kind for one in candidates(doc)} | dict.fromkeys(own or set(), "unit")
    every = {line: kind for line, kind in every.items() if not without or line not in without}
    lost = [(line, kind) for line, kind in sorted(every.items()) if line not in used]
    troubles = [
        Trouble(
            "PP916", line, f"this looks like {_WORDS[kind]}, and was not used",
            "write it as the document writes the others, or add it to the plan by hand",
        )
        for line, kind in lost
    ]  # fmt: skip
    troubles += _recorded(doc)
    return troubles, len(every) - len(lost), len(every)


def _recorded(doc: Document) -> Iterator[Trouble]:
    """Report sections that record the past, if what stands in them looks like units."""
    for record in doc.records:
        listed = any(one.kind == "item" and one.text.startswith("#") for one in record.below)
        if listed or any(one.kind == "unit" for one in candidates(Document(doc.file, "", list(record.below)))):
            message = f"what stands below `{record.head.plain[:80]}` records what was done, and was not used"
            yield Trouble("PP916", record.head.number, message, "write an open box, - [ ], before what is to be done")
