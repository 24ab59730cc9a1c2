"""Read numbered titles that say what units say: `### 1. Dig - #6002`, `**2. Pour**`, `3. **Walls**`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.ids import ONE
from phaseplan.documents.outline.lines import BOLD, Document, Line
from phaseplan.documents.outline.model import Outline, Unit
from phaseplan.documents.outline.readers import sections

_TITLE = re.compile(
    r"(?:(?P<word>Step|Part)\s+)?(?P<number>\d{1,3}(?P<dotted>(?:\.\d{1,3}){1,2})?)"
    r"(?(dotted)(?:\s*[.):\u2013\u2014-])?|\s*[.):\u2013\u2014-])\s+(?P<title>[^\W\d].*)",
    re.IGNORECASE,
)
_WORDED = re.compile(  # `- **PR 1: Schema**`
    r"(?P<word>[^\W\d_]{2,12})\s*#?\s*(?P<number>\d{1,4}(?:\.\d{1,3})*[a-z]?)\b(?P<title>\s*(?:[:(\u2013\u2014]|-\s).*)"
)
_STRONG = re.compile(r"\*\*(?!\s)[^*]+\*\*")
_ISSUE = re.compile(r"\s*(?:[\u2013\u2014-]|[(\[])\s*(?P<issue>#\d{1,6})\s*[)\]]?\s*$")
_PLAIN = BOLD + 2  # the level of an item that does not begin in bold
_KEYS = {"needs", "feeds", "owns", "name", "lines", "span"}


@dataclass(frozen=True, slots=True)
class _Title:
    """Hold one numbered title, with the lines below it."""

    line: Line
    number: str
    title: str
    below: tuple[Line, ...]
    parent: int  # the line of the heading above
    word: str  # of units that have one: `PR`

    @property
    def titled(self) -> bool:
        """Say whether it is a heading, a line in bold or an item that begins in bold."""
        return self.line.kind == "heading" or _STRONG.match(self.line.text) is not None

    @property
    def issue(self) -> re.Match[str] | None:
        """Return the issue that the title ends with."""
        return _ISSUE.search(self.title)


def recognise(doc: Document) -> bool:
    """Say whether numbered titles of one kind say what units say."""
    return bool(_units(doc))


def read(doc: Document) -> Outline:
    """Read the document as if its titles were `Task 1: Dig` or `#6002: Dig`."""
    spelled = {one.line.number: _spelled(one) for one in _units(doc)}
    lines = [spelled.get(line.number, line) for line in doc.lines]
    outline = sections.read(Document(doc.file, doc.text, lines))
    outline.format = "numbered titles"
    return outline


def first(doc: Document) -> int | None:
    """Return the line of the first of two numbered titles at least, whatever they say."""
    return next((several[0].line.number for several in _titles(doc) if len(several) > 1 and several[0].titled), None)


def _spelled(one: _Title) -> Line:
    level = one.line.level if one.line.kind == "heading" else BOLD
    issue = one.issue
    text = f"{one.word or 'Task'} {one.number}{'' if one.word else ':'} {one.title}"
    text = f"{issue['issue']}: {one.title[: issue.start()]}" if issue else text
    return replace(one.line, kind="heading", level=level, text=text)


def _units(doc: Document) -> list[_Title]:
    """Return the titles of the first kind that are units: each with an issue or a key, or one that needs another."""
    return next((several for several in map(_together, _titles(doc)) if len(several) > 1 and _said(several)), [])


def _together(several: list[_Title]) -> list[_Title]:
    """Return the titles below headings of which one title at least says something: not those of an appendix."""
    parents = {one.parent for one in several if one.word or one.issue or any(kind in _KEYS for kind, _ in _pairs(one))}
    return [one for one in several if one.parent in parents]


def _said(several: list[_Title]) -> bool:
    numbers = {one.number for one in several}
    return len(numbers) == len(several) and (
        bool(several[0].word)
        or all(one.issue for one in several)
        or (several[0].titled and all(any(kind in _KEYS for kind, _ in _pairs(one)) for one in several))
        or any(
            numbers - {one.number} >= set(ids) > set()
            for one in several
            for kind, value in _pairs(one)
            if kind in ("needs", "feeds") and (ids := re.findall(rf"(?<![\w.])(?:{ONE})(?![\w.]\w)", value))
        )
    )


def _pairs(one: _Title) -> Iterator[tuple[str, str]]:
    """Yield the needs that a title ends with, and the lines `Key: value` below it."""
    unit = Unit("", 0)
    attributes.without_needs(unit, one.title, 0)
    yield from (("needs", text.value) for text in unit.texts)
    pairs = (attributes.pair(line.text) for line in one.below if line.kind in ("item", "text"))
    yield from (pair for pair in pairs if pair is not None and pair[1])


def _titles(doc: Document) -> list[list[_Title]]:
    """List the numbered titles of each kind: headings of a level, lines in bold, items that begin in bold."""
    found: dict[tuple[int, str, int], list[_Title]] = {}
    above: dict[int, int] = {}  # the line of the last heading of each level
    for at, line in enumerate(doc.lines):
        start = _start(line)
        if start is not None:
            level, match = start
            ends = (i for i, other in enumerate(doc.lines[at + 1 :], at + 1) if _ends(other, level))
            below = tuple(doc.lines[at + 1 : next(ends, len(doc.lines))])
            word = match["word"] if match.re is _WORDED else ""
            parent = max((number for higher, number in above.items() if higher < level), default=0)
            one = _Title(line, match["number"], match["title"].strip(), below, parent, word)
            found.setdefault((level, match["word"] or "", match["number"].count(".")), []).append(one)
        if line.kind == "heading":
            above[line.level] = line.number
    return [found[kind] for kind in sorted(found)]


def _start(line: Line) -> tuple[int, re.Match[str]] | None:
    """Return the level and the parts of a numbered title; an item's level is below that of a line in bold.

    One that does not begin in bold is below that: it is a unit only if one of its list needs another.
    """
    if line.kind == "item" and line.level == 0 and line.box is None and (match := _WORDED.match(line.plain)):
        return (BOLD + 1, match) if match["word"].lower() in sections.KNOWN else None
    text = f"{line.marker} {line.plain}" if line.kind == "item" else line.plain
    title = line.kind == "heading" and line.level > 1
    item = line.kind == "item" and line.level == 0 and line.box is None
    match = _TITLE.fullmatch(text) if title or item else None
    level = line.level if title else BOLD + 1 if _STRONG.match(line.text) else _PLAIN
    return (level, match) if match is not None else None


def _ends(line: Line, level: int) -> bool:
    """Say whether a line ends what a title itself says: a title of any kind, or a heading above it."""
    start = _start(line)
    return (start is not None and start[0] <= max(level, BOLD + 1)) or (
        line.kind == "heading" and line.level <= min(level, BOLD - 1)
    )
