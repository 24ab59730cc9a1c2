"""Read plans with a heading for each unit: superpowers (`### Task 1`), BMAD (`### Story 1.2`), PR plans, `### W1`."""

from __future__ import annotations

import re
from collections import Counter

from phaseplan.documents.outline import attributes, regrouping, tables
from phaseplan.documents.outline.attributes import NEEDS
from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import GROUPS, WAVES, Numbered, is_done, numbered
from phaseplan.documents.outline.ids import Known, is_id
from phaseplan.documents.outline.lines import BOLD, Document, Line
from phaseplan.documents.outline.model import At, Outline, Unit
from phaseplan.documents.outline.text import paths, size

KNOWN = {"task", "story", "pr", "mr", "issue", "ticket", "branch", "feature", "workstream", "unit", "chunk", "item"}
_LIST = re.compile(r"\s*(?:[-*+]\s+)?\**(?P<key>[^\W\d_][^:*\n]{1,30}?)\**\s*:\**\s*$")
_NEEDS = re.compile(rf"(?:this (?:task|story|pr|issue|unit|branch) |it )?(?:{NEEDS})\s+(.+)", re.IGNORECASE)
_ID = re.compile(r"\d|(?:^|[\s-])[A-Z](?:$|[\s,;])")  # what an id has: a number, or a letter alone


def recognise(doc: Document) -> bool:
    """Say whether headings define units: two of one kind, or one of a word that only means a unit."""
    word, count = _word(doc)
    return count >= 2 or (count == 1 and word in KNOWN)


def _word(doc: Document) -> tuple[str, int]:
    """Return the word that most headings number units with, empty for ids of their own, and how many they are."""
    words: Counter[str] = Counter()
    labels: dict[str, set[str]] = {}
    for line in doc.headings:
        head = numbered(line.text)
        if head is not None and line.level > 1 and head.word not in GROUPS:
            labels.setdefault(head.word, set()).add(head.label)
            words[head.word] = len(labels[head.word])
    rank = sorted(words, key=lambda word: (word in KNOWN, words[word]), reverse=True)
    return (rank[0], words[rank[0]]) if rank else ("", 0)


def read(doc: Document) -> Outline:
    """Read units from headings, and what stands below each."""
    build, reading = Builder(doc, "sections"), _Reading(doc)
    for line in doc.lines:
        if line.kind == "heading":
            _heading(build, reading, line)
        elif build.unit is not None:
            _below(build, reading, build.unit, line)
        elif line.kind in ("text", "item"):
            build.attribute(line)
    known = Known(build.outline.units)
    for table in tables.tables(doc):
        _again(build, table, known)
    return build.outline


def _again(build: Builder, table: tables.Table, known: Known) -> None:
    """Read a table whose rows are all units that headings define: it says once more, and what they need."""
    table.units = {}
    rows = [(row, one, known.one(one.id)) for row in table.rows if (one := tables.unit(table, row)) is not None]
    if not tables.defines(table) or len(rows) < len(table.rows) or not all(of for _, _, of in rows):
        return
    waves: dict[str, At[int]] = {}
    for row, one, of in rows:
        unit = known.units[known.place[of or ""]]
        tables.merge(unit, one)
        table.units[row.number] = unit
        build.use(row)
        if one.wave is not None:
            waves[unit.id] = one.wave
    build.outline.troubles += tables.unknown(table, known)
    if waves and [group.word for group in build.part.groups] == [""]:
        regrouping.regroup(build.part, waves)


class _Reading:
    """Hold where the reading is: the word of units, the unit's level, the key of the list that is open."""

    def __init__(self, doc: Document) -> None:
        self.word = _word(doc)[0]
        groups = [head for line in doc.headings if (head := numbered(line.text)) and head.word in GROUPS]
        self.waves = {head.word for head in groups if head.word in WAVES}
        self.plans = bool(self.waves) and any(head.word not in WAVES for head in groups)
        self.level = 9
        self.key: str | None = None
        self.listing = False  # the line above lists paths
        self.detail = False


def _heading(build: Builder, reading: _Reading, line: Line) -> None:
    head = numbered(line.text)
    if head is not None and head.word in GROUPS and line.level > 1:
        if reading.plans and head.word == "phase":
            build.new_part(line, head)
        else:
            build.new_group(line, head)
        reading.level, reading.key = 9, None
    elif head is not None and head.word == reading.word and line.level > 1 and (head.word or is_id(head.label)):
        _unit(build, head, line)
        reading.level, reading.key, reading.detail = line.level, None, False
    elif build.unit is not None and (line.level > reading.level or line.level == BOLD):
        build.use(line)
        kind = attributes.kind_of(line.plain)
        reading.key, reading.detail = kind, kind is None
    elif line.level > 1:
        build.unit, reading.level, reading.key = None, 9, None


def _unit(build: Builder, head: Numbered, line: Line) -> None:
    unit = Unit(head.label.removeprefix("#"), line.number, head.whole, head.shown)
    if head.done:
        unit.state = At("done", line.number)
    for aside in head.asides:
        if (count := size(aside)) is not None:
            unit.lines = At(count, line.number)
        elif re.match(r"\s*(?:depends on|after|needs|blocked by)\b", aside, re.IGNORECASE):
            unit.texts.append(At(re.sub(rf"^\s*(?:{NEEDS}):?\s*", "", aside, flags=re.I), line.number))
    build.new_unit(line, unit)


def _below(build: Builder, reading: _Reading, unit: Unit, line: Line) -> None:
    """Read a line below a unit's heading; what is no value of it is its text."""
    build.body(line)
    listing, reading.listing = reading.listing, False
    if line.kind in ("blank", "comment", "front"):
        return
    boxed = line.box is not None and not (line.text.startswith("**") and attributes.pair(line.text))
    if line.kind == "code" or boxed:  # a step; `- [ ] **Files:** a.py` is a value
        reading.key = None if line.kind == "code" or line.level == 0 else reading.key
        return
    if (opened := _LIST.match(line.text)) is not None:
        reading.key = attributes.kind_of(opened["key"])
        return
    found = attributes.pair(line.text)
    if found is None and listing and line.kind == "text" and not line.text[:1].isupper():
        reading.listing = attributes.of_unit(unit, "owns", line.text, line.number)
        return
    if found is not None and found[1]:
        inner = reading.key == "owns" and line.kind == "item"
        kind = "owns" if inner and paths(found[1]) else found[0]
        if kind != "title" and not (kind == "owns" and reading.detail):
            attributes.of_unit(unit, kind, found[1], line.number)
            reading.listing = kind == "owns"
        reading.key = reading.key if inner else None
        return
    if reading.key in ("owns", "needs", "feeds") and line.kind == "item":
        attributes.of_unit(unit, reading.key, line.text, line.number)
    elif (match := _NEEDS.fullmatch(line.plain.rstrip("."))) is not None and _ID.search(match[1]):
        build.use(line)
        unit.texts.append(At(match[1], line.number))
    elif line.kind == "text" and is_done(line.text):
        unit.state = At("done", line.number)
    elif line.kind == "text":
        reading.key = None
