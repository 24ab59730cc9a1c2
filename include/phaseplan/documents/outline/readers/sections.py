"""Read plans with a heading for each unit: superpowers (`### Task 1`), BMAD (`### Story 1.2`), PR plans, `### W1`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from phaseplan.documents.outline import attributes, tables
from phaseplan.documents.outline.attributes import NEEDS
from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import GROUPS, WAVES, Numbered, is_done, numbered
from phaseplan.documents.outline.ids import is_id
from phaseplan.documents.outline.lines import BOLD, Document, Line
from phaseplan.documents.outline.model import At, Outline, Unit
from phaseplan.documents.outline.text import cell_paths, changed_paths, git_names, paths, plain, size

KNOWN = {"task", "story", "pr", "mr", "issue", "ticket", "branch", "feature", "workstream", "unit", "chunk", "item"}
_LIST = re.compile(r"\s*(?:[-*+]\s+)?\**(?P<key>[^\W\d_][^:*\n]{1,30}?)\**\s*:\**\s*$")
_NEEDS = re.compile(rf"(?:this (?:task|story|pr|issue|unit|branch) |it )?(?:{NEEDS})\s+(.+)", re.IGNORECASE)
_ID = re.compile(r"\d|(?:^|[\s-])[A-Z](?:$|[\s,;])")  # what an id has: a number, or a letter alone


def recognise(doc: Document) -> bool:
    """Say whether headings define units: two of one kind, or one of a word that only means a unit."""
    word, count = _word(doc)
    return (count >= 2 or (count == 1 and word in KNOWN)) and not (word == "" and _above_tables(doc))


def _above_tables(doc: Document) -> bool:
    """Say whether a table of other units stands below each heading with an id: `W0 tickets`."""
    heads = {table.head.number: table for table in tables.tables(doc) if tables.defines(table)}
    below: dict[str, bool] = {}
    label = ""
    for line in doc.lines:
        if line.kind == "heading":
            head = numbered(line.text)
            label = head.label if head is not None and not head.word else ""
            below |= {label: False} if label else {}
        elif label and line.number in heads:
            below[label] = True
    own = {plain(cell) for table in heads.values() for cell in table.cells(table.column("id") or 0)}
    return bool(below) and all(below.values()) and not own & below.keys()


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
    return build.outline


class _Reading:
    """Hold where the reading is: the word of units, the unit's level, the key of the list that is open."""

    def __init__(self, doc: Document) -> None:
        self.word = _word(doc)[0]
        groups = [head for line in doc.headings if (head := numbered(line.text)) and head.word in GROUPS]
        self.waves = {head.word for head in groups if head.word in WAVES}
        labels = {head.label for line in doc.headings if (head := numbered(line.text)) and head.word == self.word}
        self.parents = labels & {one[: cut.start()] for one in labels for cut in re.finditer(r"[-.](?=\S)", one)}
        self.plans = bool(self.waves) and any(head.word not in WAVES for head in groups)
        self.level = 9
        self.key: str | None = None
        self.listing = False  # the line above lists paths
        self.detail = False
        self.units = False  # the table that is open defines units
        self.files: int | None = None  # the column of paths of the table that is open


def _heading(build: Builder, reading: _Reading, line: Line) -> None:
    head = numbered(line.text)
    if head is not None and head.word in GROUPS and line.level > 1:
        if reading.plans and head.word == "phase":
            build.new_part(line, head)
        else:
            build.new_group(line, head)
        reading.level, reading.key = 9, None
    elif head is not None and line.level > 1 and head.word == reading.word and head.label in reading.parents:
        build.new_group(line, replace(head, word="epic"))  # `E1` above `E1-S1`
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
        elif (names := git_names(aside)) and unit.name is None:
            unit.name = At(names[0], line.number)
            unit.title = _without(unit.title, names[0])
    unit.title = attributes.without_needs(unit, unit.title, line.number)
    if line.marker:  # an item says its name and its paths in its text
        if (names := git_names(line.text)) and unit.name is None:
            unit.name = At(names[0], line.number)
            unit.title = _without(unit.title, names[0])
        attributes.own(unit, changed_paths(line.text), line.number)
    build.new_unit(line, unit)


def _without(title: str, name: str) -> str:
    """Remove a git name in brackets from a title."""
    return re.sub(rf"\s*[(\[]{re.escape(name)}[)\]]", "", title)


def _files(build: Builder, reading: _Reading, unit: Unit, line: Line) -> None:
    """Read the rows `File | Change` of a table below a unit's heading."""
    if line.kind == "head":
        table = next(table for table in tables.tables(build.doc) if table.head.number == line.number)
        reading.units = tables.defines(table)
        reading.files = None if "id" in table.kinds.values() or reading.units else table.column("owns")
    elif reading.files is not None and reading.files < len(line.cells):
        cell = line.cells[reading.files]
        attributes.own(unit, cell_paths(cell) or paths(cell), line.number)
    if reading.units:  # rows that look like units are no text of this one: others read or report them
        build.outline.used.discard(line.number)


def _below(build: Builder, reading: _Reading, unit: Unit, line: Line) -> None:
    """Read a line below a unit's heading; what is no value of it is its text."""
    build.body(line)
    listing, reading.listing = reading.listing, False
    if line.kind in ("blank", "comment", "front"):
        return
    if line.kind in ("head", "row"):
        _files(build, reading, unit, line)
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
