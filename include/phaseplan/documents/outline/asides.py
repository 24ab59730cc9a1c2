"""Read brackets behind titles that say how long, how large, and what needs what: `(2 days)`, `(3h, depends on 1.1)`."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from phaseplan.documents.importing.spans import whole
from phaseplan.documents.outline.attributes import names_units, tie
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Unit
from phaseplan.documents.outline.text import LINES, size
from phaseplan.plan.spans import Span

_KINDS = ("heading", "item", "text", "row")
_BRACKETS = re.compile(r"(?P<open>[(\[])(?P<inner>[^()\[\]]{1,200})(?P<close>[)\]])(?!\()")
_COMMA = re.compile(r"\s*[,;|\u00b7]\s+|(?<=[\w)])\.\s+(?=[A-Z][a-z])|\s*/\s*(?=(?:needs|depends|after|requires)\s)")
_LEAD = re.compile(
    r"(?:(?:est(?:imate[ds]?)?|effort|size|duration|time|about|approx|ca|circa|max|up to)\b\.?|[\s:~\u2248<+-])*",
    re.IGNORECASE,
)
_LINES = re.compile(rf"\d[\d,.]{{0,8}}(?:\s*[\u2013-]\s*\d[\d,.]{{0,8}})?\s*\+?\s*{LINES}(?: of code)?", re.IGNORECASE)
_OWN = re.compile(  # what begins so says nothing more of the need before it
    r"(?:in )?parallel|alongside|independent|optional|blocks|before|effort|est|size|prio|owner|agent|risk|see\b|"
    r"no\b|not\b|[^\s:]{2,20}:",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_LEAST = 60  # seconds
_MARK = re.compile(r"[A-Z]{1,2}\d?|#\d+|small|medium|large|low|high|easy|hard", re.IGNORECASE)


def set_apart(doc: Document) -> None:
    """Give each thing that one pair of brackets says brackets of its own: readers know a need and a time by them."""
    doc.lines = [_apart(line) if line.kind in _KINDS and _may_be(line.raw) else line for line in doc.lines]


def without(text: str) -> str:
    """Take the brackets out of a text that hold only times, sizes and needs."""
    return _BRACKETS.sub(lambda m: m[0] if "other" in _kinds(m["inner"]) else "", _BRACKETS.sub(_split, text))


def time_in(text: str) -> Span | None:
    """Return the time that brackets in a text say."""
    return next((span for inner in _inner(text) if (span := _time(inner)) is not None), None)


def lines_in(text: str) -> tuple[int, ...]:
    """Return the lines of code that brackets in a text say; empty if they say none."""
    return tuple(lines for inner in _inner(text) if (lines := _lines(inner)) is not None)[:1]


def ties_in(text: str, kind: str) -> str | None:
    """Return the units that brackets in a text name as its `needs` or `feeds`; None if they name none."""
    ties = (tie(inner) for inner in _inner(text))
    return "; ".join(one[1] for one in ties if one is not None and one[0] == kind and names_units(one[1])) or None


def _inner(text: str) -> list[str]:
    """List what brackets in a text hold, one thing each."""
    return [match["inner"] for match in _BRACKETS.finditer(_BRACKETS.sub(_split, text))]


def _may_be(text: str) -> bool:
    return ("(" in text or "[" in text) and any(sign in text for sign in ",;|\u00b7./")


def _apart(line: Line) -> Line:
    text, *cells = (_BRACKETS.sub(_split, text) for text in (line.text, *line.cells))
    return replace(line, text=text, cells=tuple(cells)) if text != line.text or tuple(cells) != line.cells else line


def _split(match: re.Match[str]) -> str:
    """Return several brackets for one that holds a time, a size, a need or what needs it beside something else."""
    groups: list[tuple[str, list[str]]] = []
    for piece in _COMMA.split(match["inner"]):
        kind = _kind(piece)
        if groups and kind == "other" and groups[-1][0] != "measure" and not _OWN.match(piece):
            groups[-1][1].append(piece)  # `needs 1.1, 1.2`
        else:
            groups.append((kind, [piece]))
    kinds = {kind for kind, _ in groups}
    own = [piece for kind, pieces in groups if kind == "other" for piece in pieces if not _MARK.fullmatch(piece)]
    if "tie" not in kinds and ("measure" not in kinds or own):  # `Keep logs (30 days, then delete)`
        return match[0]
    return " ".join(f"{match['open']}{', '.join(pieces)}{match['close']}" for _, pieces in groups)


def _kinds(text: str) -> set[str]:
    """Return what the pieces of a bracket are; what follows a tie belongs to it."""
    kinds = [_kind(piece) for piece in _COMMA.split(text)]
    return {"tie" if "tie" in kinds[:i] and kind == "other" else kind for i, kind in enumerate(kinds)}


@lru_cache(maxsize=4096)
def _kind(piece: str) -> str:
    return "measure" if _time(piece) or _lines(piece) else "tie" if tie(piece) is not None else "other"


def _time(text: str) -> Span | None:
    """Return the time that a text says and nothing else; seconds are no time to build something in."""
    if not _DIGIT.search(text):
        return None
    lead = _LEAD.match(text)
    span = whole(text[lead.end() :]) if lead is not None else None
    return span if span is not None and span.low >= _LEAST else None


def _lines(text: str) -> int | None:
    """Return the lines of code that a text says and nothing else."""
    if not _DIGIT.search(text):
        return None
    lead = _LEAD.match(text)
    return size(text) if lead is not None and _LINES.fullmatch(text[lead.end() :].strip()) else None


def read(doc: Document, outline: Outline) -> None:
    """Give units what brackets on their own lines say, and take that out of their titles."""
    for unit in outline.units:
        if not unit.file and 0 < unit.line <= len(doc.lines) and (line := doc.lines[unit.line - 1]).kind in _KINDS:
            for text in (line.text, unit.title) if line.kind != "row" else (unit.title,):  # a row's columns say theirs
                for match in _BRACKETS.finditer(text):
                    _note(unit, match, line.number)
            title = _BRACKETS.sub(lambda m: "" if _is_read(m["inner"]) else m[0], unit.title)
            if title != unit.title and title.strip():
                unit.title = " ".join(title.split())


def _is_read(text: str) -> bool:
    """Say whether a bracket holds a time, a size or names of units, and nothing that belongs to a title."""
    found = tie(text)
    return names_units(found[1]) if found is not None else _kind(text) == "measure"


def _note(unit: Unit, match: re.Match[str], line: int) -> None:
    text = match["inner"]
    if (found := tie(text)) is not None:
        kind, words = found
        known = unit.texts if kind == "needs" else unit.feeds
        # What names no unit and is no longer in the title, as below headings, is reported when needs are settled.
        if (names_units(words) or match[0] not in unit.title) and At(words, line) not in known:
            known.append(At(words, line))
    elif unit.span is None and (span := _time(text)) is not None:
        unit.span = At(span, line)
    elif unit.lines is None and (lines := _lines(text)) is not None:
        unit.lines = At(lines, line)
