"""Read plans of tables and lists: rows with ids below headings of waves, `- Agent 1: feature/x (depends on ...)`."""

from __future__ import annotations

import re

from phaseplan.documents.outline import attributes, columns, tables
from phaseplan.documents.outline.attributes import of_part
from phaseplan.documents.outline.builder import Builder, number_by_place
from phaseplan.documents.outline.headings import PHASES, is_group
from phaseplan.documents.outline.ids import Known
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Trouble, Unit
from phaseplan.documents.outline.text import git_names, paths, plain, size

_AGENT = re.compile(
    r"(?P<label>(?:Agent|Engineer|Worker|Developer)\s*[#-]?\s*(?:\d{1,3}|[A-Z]\b))\s*[:\u2013\u2014-]?\s*",
    re.IGNORECASE,
)
_NEEDS = re.compile(rf"\s*[(\u2014\u2013-]+\s*(?:{attributes.NEEDS})\s*:?\s+([^()]*)\)?\s*$", re.IGNORECASE)
_OWNED = re.compile(
    r"(?:[\u2013\u2014:-]|\bis\b)?\s*\b(?:owned|written|changed) (?:only )?by\s+(.{2,60})$", re.IGNORECASE
)
_CHECKS = re.compile(
    r"validation|verification|verify|gates?\b|checks?\b|validierung|pr\u00fcfung|validaci\u00f3n", re.IGNORECASE
)
_TIE = re.compile(
    r"(?:this phase |it )?(?P<key>depends on|requires|needs|blocks|is blocked by|"
    r"abh\u00e4ngig von|depende de|d\u00e9pend de)\s+(?P<value>.*\b(?:phase|fase)s?\s*\d.*)",
    re.I,
)
_SAVED = re.compile(
    r"\bfrom\s+(?P<long>\d[\d.]*\s*\w+)\s*(?:\([^)]*\))?\s+to\s+(?P<short>\d[\d.]*\s*\w+)\s*(?:\([^)]*\))?\D*(?P<rate>\d{1,2})\s?%",
    re.IGNORECASE,
)


def recognise(doc: Document) -> bool:
    """Say whether tables define units, or list items give git names below headings of waves."""
    grouped = any(is_group(line) for line in doc.headings)
    return any(tables.defines(table) for table in tables.tables(doc)) or (
        grouped and any(_listed(line) for line in doc.items)
    )


def _listed(line: Line) -> str | None:
    """Return the git name that a list item begins with, or an agent and one: a name further on is a mention."""
    if line.level > 4 or not git_names(line.text):
        return None
    start = _AGENT.sub("", _NEEDS.sub("", line.text).lstrip("*_ "), count=1).lstrip("*_`: ")
    names = git_names(start)
    return names[0] if len(names) == 1 and start.startswith(names[0]) and not paths(line.text) else None


def read(doc: Document) -> Outline:
    """Read rows and items as units, headings as waves and phases."""
    build = Builder(doc, "tables and lists")
    found = {table.head.number: table for table in tables.tables(doc)}
    for table in found.values():
        table.units = {}
    heads = [head for line in doc.headings if line.level > 1 and (head := is_group(line))]
    plans = any(h.word in PHASES for h in heads) and any(h.word not in PHASES for h in heads)
    reading = _Reading(found, plans)
    for line in doc.lines:
        _line(build, reading, line)
    number_by_place(build.outline.parts, with_phase=True)
    known = Known(build.outline.units, [group for part in build.outline.parts for group in part.groups])
    for table in found.values():
        build.outline.troubles += columns.unknown(table, known)
    return build.outline


class _Reading:
    """Hold where the reading is: the table, whether phases are plans, whether commands are checks."""

    def __init__(self, found: dict[int, tables.Table], plans: bool) -> None:
        self.found, self.plans = found, plans
        self.table: tables.Table | None = None
        self.checks = False
        self.by_id: dict[str, Unit] = {}


def _line(build: Builder, reading: _Reading, line: Line) -> None:
    if line.kind == "head":
        table = reading.found[line.number]
        reading.table = table if tables.defines(table) else None
        if reading.table is not None:
            build.use(line)
    elif line.kind == "row" and reading.table is not None:
        _row(build, reading, reading.table, line)
    elif line.kind == "heading":
        _heading(build, reading, line)
    elif line.kind == "code":
        if reading.checks and build.group is not None and line.text.strip() and not line.text.strip().startswith("#"):
            build.group.checks.append(At(line.text.strip(), line.number))
    elif line.kind in ("item", "text"):
        _text(build, line)


def _heading(build: Builder, reading: _Reading, line: Line) -> None:
    head = is_group(line)
    of_checks = head is not None and _CHECKS.match(head.title) is not None and build.group is not None
    reading.checks = _CHECKS.search(line.plain) is not None and (head is None or of_checks)
    if head is None or line.level == 1 or of_checks:
        return
    if reading.plans and head.word in PHASES:
        build.new_part(line, head)
        reading.by_id = {}
    else:
        build.new_group(line, head)


def _row(build: Builder, reading: _Reading, table: tables.Table, line: Line) -> None:
    if line in table.sums:
        build.use(line)
        return
    one = tables.unit(table, line)
    if one is None:
        return
    build.use(line)
    before = reading.by_id.get(one.id) if one.id else None
    if before is not None:  # a second table about the same units
        tables.merge(before, one)
        home = next((group.number for group in build.part.groups if before in group.units), None)
        if one.wave is not None and home is not None and home != one.wave.value:
            message = f"{before.id} is in wave {home}, and in wave {one.wave.value} by this row"
            build.outline.troubles.append(Trouble("PP912", line.number, message, f"took wave {home}"))
        table.units[line.number] = before
        return
    table.units[line.number] = one
    if one.id:
        reading.by_id[one.id] = one
    build.into_wave(line, one.wave.value if one.wave else None, table.word)
    build.new_unit(line, one)


def _text(build: Builder, line: Line) -> None:
    if line.kind == "item" and build.group is not None and (name := _listed(line)) is not None:
        _item(build, line, name)
        return
    build.unit = None
    text = line.plain
    if build.group is not None and " by " in text and (owned := _OWNED.search(text)) and paths(line.text):
        for unit in build.group.units:
            names = {
                unit.id.lower(),
                unit.label.value.lower() if unit.label else "",
                unit.name.value.lower() if unit.name else "",
            }
            if owned[1].strip(" .").lower() in names - {""}:
                attributes.own(unit, paths(line.text), line.number)
                build.use(line)
        return
    if ("phase" in (low := text.lower()) or "fase" in low) and (tie := _TIE.fullmatch(text.rstrip("."))):
        kind = attributes.kind_of(tie["key"]) or "needs"
        if of_part(build.part, kind, tie["value"], line.number):
            build.use(line)
    elif "%" in text and (saved := _SAVED.search(text)) is not None:
        build.use(line)
        claims = (f"reduction: {saved['rate']}%", f"sequential: {saved['long']}", f"parallel: {saved['short']}")
        build.part.claims += [At(claim, line.number) for claim in claims]
    else:
        build.attribute(line)


def _item(build: Builder, line: Line, name: str) -> None:
    """Read `Agent 1: feature/h-04-pit (depends on feature/h-01-repairs)`."""
    unit, text = Unit("", line.number, made_up=True, name=At(name, line.number)), line.text
    text = attributes.without_needs(unit, text, line.number)
    if (agent := _AGENT.match(plain(text))) is not None:
        unit.label = At(agent["label"], line.number)
    if (count := size(text)) is not None:
        unit.lines = At(count, line.number)
    rest = re.sub(r"\([^()]*\)", "", _AGENT.sub("", plain(text.replace(name, " ")), count=1)).strip(
        " :\u2013\u2014-()`*"
    )
    unit.title = rest if re.search(r"[^\W\d_]{2}", rest) else ""
    build.new_unit(line, unit)
