"""Put units into the waves that a document lists: Kiro's graph of tasks, a column, lines `Wave 1: #1, #2`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from phaseplan.documents.outline.headings import WAVES, Numbered, numbered
from phaseplan.documents.outline.ids import CODE, Known
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Group, Outline, Part, Trouble

_BEGINS = re.compile(rf"[\W_]*(?:W\d|{'|'.join(WAVES)})", re.IGNORECASE)  # what `numbered` may find a wave in
_SHORT = re.compile(r"W(\d{1,2})")  # `W0: T1, T2`
_ONLY_IDS = re.compile(rf"(?:#\d{{1,6}}|{CODE})(?:\s*(?:[,+&]|\band\b)\s*(?:#\d{{1,6}}|{CODE}))*", re.IGNORECASE)


def graph(doc: Document) -> dict[str, At[int]]:
    """Return the wave of each task by `{"waves": [{"id": 0, "tasks": ["1.1"]}]}`; empty if no code is such a graph."""
    for line, text in _blocks(doc):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        listed = data.get("waves") if isinstance(data, dict) else None
        waves = [one.get("tasks") if isinstance(one, dict) else one for one in listed or ()]
        if waves and all(isinstance(tasks, list) for tasks in waves):
            return {str(task): At(place, line) for place, tasks in enumerate(waves, 1) for task in tasks or ()}
    return {}


def _blocks(doc: Document) -> Iterator[tuple[int, str]]:
    """Yield the code of each block in JSON that speaks of waves, with the line it begins in."""
    lines: list[str] = []
    for line in doc.lines:
        if line.kind == "code" and line.language == "json" and not line.marker:
            lines.append(line.raw)
        elif lines:
            if '"waves"' in (text := "\n".join(lines)):
                yield line.number - len(lines), text
            lines = []


def looks_listed(line: Line) -> bool:
    """Say whether a line lists ids, and nothing else, behind the number of a wave."""
    head = _wave(line)
    return head is not None and _ONLY_IDS.fullmatch(re.sub(r"\s*\([^()]*\)", "", head.title).strip()) is not None


def _wave(line: Line) -> Numbered | None:
    """Return what a line that is no heading numbers as a wave."""
    listed = line.kind in ("text", "item", "code") and _BEGINS.match(line.text) is not None
    head = numbered(line.text) if listed else None
    return head if head is not None and (head.word in WAVES or _SHORT.fullmatch(head.label)) else None


def by_lists(doc: Document, outline: Outline) -> None:
    """Put units without groups into the waves of lines `Wave 1: #1, #2`; one that no line lists is in the first."""
    heads = [(line, head) for line in doc.lines if (head := _wave(line)) is not None]
    if not heads:
        return
    known = Known(outline.units, [group for part in outline.parts for group in part.groups])
    waves = _lists(heads, known)
    for part in outline.parts if waves else ():
        listed = {unit.id: waves[unit.id] for unit in part.units if unit.id in waves}
        if not listed or any(group.word and group.word not in WAVES for group in part.groups):
            continue
        outline.used |= {at.line for at in listed.values()}
        if any(group.word for group in part.groups):
            outline.troubles += _elsewhere(part, listed)
            continue
        first = min(at.value for at in listed.values())
        for unit in [unit for unit in part.units if unit.id not in listed]:
            needed = [listed[one].value for text in unit.texts for one in known.meant(text.value).ids if one in listed]
            listed[unit.id] = At(max(needed, default=first), unit.line)
        regroup(part, listed)


def _elsewhere(part: Part, listed: dict[str, At[int]]) -> Iterator[Trouble]:
    """Report units that a line lists in another wave than the one whose heading they stand below."""
    for group in part.groups:
        for unit in group.units:
            at = listed.get(unit.id)
            if at is not None and at.value != group.number:
                message = f"{unit.shown or unit.id} is in wave {group.number}, and in wave {at.value} by this line"
                yield Trouble("PP912", at.line, message, f"took wave {group.number}")


def _lists(heads: list[tuple[Line, Numbered]], known: Known) -> dict[str, At[int]]:
    """Return the wave of each unit by such lines; bare numbers may be counts, unless every unit is listed."""
    waves: dict[str, At[int]] = {}
    bare = False
    for line, head in heads:
        if known.one(head.shown) is not None:
            continue
        short = _SHORT.fullmatch(head.label)
        number = head.number if short is None else int(short[1])
        bare |= re.fullmatch(r"[\d\s,&+]+", head.title) is not None
        for unit in known.listed(head.title) if number is not None else ():
            waves.setdefault(unit, At(number or 0, line.number))
    return {} if bare and waves.keys() != known.place.keys() else waves


def regroup(part: Part, waves: dict[str, At[int]]) -> None:
    """Put each unit into its wave; one that is left out, as a checkpoint, waits for all that stands before it."""
    groups: dict[int, Group] = {}
    latest = 1
    for unit in list(part.units):
        at = waves.get(unit.id)
        latest = latest if at is None else max(latest, at.value)
        number = latest if at is None else at.value
        line = unit.line if at is None else at.line
        group = groups.setdefault(number, Group(number, line, label=str(number)))
        if at is None:
            unit.needs += [At(other.id, unit.line, "by order") for other in group.units]
        group.units.append(unit)
    part.groups = [groups[number] for number in sorted(groups)]
