"""Settle what a document says more than once: tables about units that other places define, ids that stand twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.documents.outline import attributes, columns, regrouping, tables
from phaseplan.documents.outline.edges import mentions
from phaseplan.documents.outline.ids import CODE, Known
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Group, Outline, Part, Trouble, Unit
from phaseplan.documents.outline.text import plain

_ITEM = re.compile(
    rf"\[?(?P<label>(?:[^\W\d_]{{2,12}} )?(?:#\d{{1,6}}|{CODE}|\d{{1,3}}\.\d{{1,3}})|"
    r"(?!step)[^\W\d_]{2,12} \d{1,4})\]?(?!\w)\s*[:.)\u2013\u2014-]*\s*(?P<title>.*)",
    re.IGNORECASE,
)


def by_tables(doc: Document, outline: Outline) -> None:
    """Read tables whose rows are all units that other lines define: they say once more, and what these need."""
    known = Known(outline.units)
    for table in tables.tables(doc):
        if table.head.number not in outline.used:
            _again(outline, table, known)


def _again(outline: Outline, table: tables.Table, known: Known) -> None:
    table.units = {}
    rows = [(row, one) for row in table.rows if (one := tables.unit(table, row)) is not None]
    if not tables.has_ids(table) or not _of_the_same(rows, known):
        return
    homes = {unit.id: group for part in outline.parts for group in part.groups for unit in group.units}
    home = outline.parts[-1].groups[-1]
    waves: dict[str, At[int]] = {}
    for row, one in rows:
        label = known.one(one.id)
        if label is None:
            home.units.append(one)
        else:
            home = homes[label]
            tables.merge(known.unit(label), one)
        table.units[row.number] = one if label is None else known.unit(label)
        outline.used.add(row.number)
        if one.wave is not None:
            waves[label or one.id] = one.wave
    outline.used.add(table.head.number)
    outline.troubles += columns.unknown(table, Known(outline.units))
    part = outline.parts[-1]
    if waves and len(outline.parts) == 1 and [group.word for group in part.groups] == [""]:
        regrouping.regroup(part, waves)


def _of_the_same(rows: list[tuple[Line, Unit]], known: Known) -> bool:
    """Say whether rows are units that other lines define, or all of these and more: then the others are units, too."""
    found = [known.one(one.id) for _, one in rows]
    return bool(rows) and (None not in found or (len(found) > 2 and set(known.place) <= set(found)))


def by_items(doc: Document, outline: Outline) -> None:
    """Read items that begin with the id of a unit which another place defines: they are its title, if it has none."""
    known = Known(outline.units)
    for line in doc.items:
        match = _ITEM.match(line.plain) if line.number not in outline.used and line.level <= 1 else None
        label = known.one(match["label"]) if match is not None else None
        if match is None or label is None:
            continue
        unit = known.unit(label)
        title = attributes.without_needs(unit, plain(match["title"]), line.number)
        if not unit.title:
            unit.title, unit.title_line = title, line.number
        if not mentions(line.plain):
            outline.used.add(line.number)


def ids(outline: Outline) -> None:
    """Keep each id for one unit of a part: groups that begin again number their units, else the first line counts."""
    for part in outline.parts:
        if len({unit.id for unit in part.units}) < len(list(part.units)) and _begins_again(part):
            for group in part.groups:
                _qualify(group)
        outline.troubles += _twice(part)


def _begins_again(part: Part) -> bool:
    """Say whether numbers begin again in a second group: `Task 1` below Phase 1, and below Phase 2."""
    firsts = [group.units[0].id for group in part.groups if group.word and group.units]
    return len(firsts) > 1 and len(set(firsts)) == 1 and firsts[0].isdecimal()


def _qualify(group: Group) -> None:
    """Put the number of the group before its units' ids, also in what they need of each other."""
    known = Known(list(group.units))
    new = {unit.id: f"{group.label or group.number}.{unit.id}" for unit in group.units}
    for unit in group.units:
        meant = [known.meant(text.value, unit.id) for text in unit.texts]
        unit.texts = [
            text if one.unread or not one.ids else At(", ".join(new[i] for i in one.ids), text.line, text.why)
            for text, one in zip(unit.texts, meant, strict=True)
        ]
    for unit in group.units:
        unit.id, unit.shown = new[unit.id], ""


def _twice(part: Part) -> Iterator[Trouble]:
    """Leave out units whose id another one of the part has, and report them."""
    first: dict[str, Unit] = {}
    for group in part.groups:
        out = [unit for unit in group.units if unit.id and first.setdefault(unit.id, unit) is not unit]
        group.units = [unit for unit in group.units if unit not in out]
        for unit in out:
            message = f"{unit.shown or unit.id} is defined in line {first[unit.id].line}; this line was not used"
            yield Trouble("PP916", unit.line, message, "give it an id of its own if it is another unit")
