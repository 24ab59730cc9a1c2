"""Build an outline while the lines of a document are read in their order."""

from __future__ import annotations

import itertools
import re

from phaseplan.documents.importing.spans import duration
from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.edges import mentions
from phaseplan.documents.outline.headings import PHASES, Numbered
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Group, Outline, Part, Unit
from phaseplan.documents.outline.text import planned

_PHASE = re.compile(r"\b(?:phase|fase)\s*#?(\d{1,3})\b(?!\.\d)", re.IGNORECASE)

_KIND = re.compile(
    r"^[^\w(\[]*(?:(?:implementation (?:plan|tasks)|plan|tasks?|roadmap|feature|track plan|track)\b"
    r"\s*[:\u2013\u2014-]+\s*)?[^\w(\[]*",
    re.IGNORECASE,
)


class Builder:
    """Collect parts, groups and units, and the lines that say them."""

    def __init__(self, doc: Document, form: str) -> None:
        self.doc = doc
        self.outline = Outline(form, [Part()])
        self.unit: Unit | None = None
        if doc.title is not None:
            self._top(doc.title)

    @property
    def part(self) -> Part:
        """Return the phase that is being read."""
        return self.outline.parts[-1]

    @property
    def group(self) -> Group | None:
        """Return the group that is being read."""
        return self.part.groups[-1] if self.part.groups else None

    def use(self, line: Line | int) -> None:
        """Note that a line was read."""
        self.outline.used.add(line if isinstance(line, int) else line.number)

    def body(self, line: Line) -> None:
        """Note that a line is a unit's own text, unless it says what units need: that is read afterwards."""
        if attributes.pair(line.text) is not None or not mentions(line.plain):
            self.use(line)

    def _top(self, line: Line) -> None:
        """Read the title of the document: `Phase 3: Shop`, `Tasks: Login`, `House`."""
        text = line.plain
        self.use(line)
        if match := _PHASE.search(text):
            self.part.number = At(int(match[1]), line.number)
            text = text[match.end() :]
        title = _KIND.sub("", text).strip()
        if title:
            self.part.title = At(title, line.number)

    def new_part(self, line: Line, head: Numbered) -> None:
        """Begin the next phase; the first one of a document takes the place of the empty one."""
        self.use(line)
        part = Part(At(head.number, line.number) if head.number is not None else None)
        part.title = At(head.title, line.number) if head.title else None
        if self.part.groups or len(self.outline.parts) > 1 or self.part.number is None:
            parts = self.outline.parts
            self.outline.parts = [*([p for p in parts if p.groups or p.number]), part]
        else:
            self.outline.parts = [part]
        self.unit = None

    def new_group(self, line: Line, head: Numbered) -> Group:
        """Begin the next group."""
        self.use(line)
        numbers = {group.number for group in self.part.groups}
        number = head.number if head.number is not None else max(numbers, default=0) + 1
        if number in numbers:
            number = max(numbers) + 1
        group = Group(number, line.number, head.title, head.word or "wave", head.label, done=head.done)
        for aside in head.asides:
            if span := duration(aside):
                group.span = At(span, line.number)
            if re.match(rf"\s*(?:{attributes.NEEDS})\b", aside, re.IGNORECASE):
                group.after.append(At(aside, line.number))
        self.part.groups.append(group)
        self.unit = None
        return group

    def new_unit(self, line: Line | int, unit: Unit) -> Unit:
        """Add a unit to the group that is being read; a ticked box says that it is done."""
        self.use(line)
        if isinstance(line, Line) and line.done:
            unit.state = At("done", line.number)
        if self.group is None:
            number = line if isinstance(line, int) else line.number
            self.part.groups.append(Group(1, number, word=""))
        group = self.group
        assert group is not None
        group.units.append(unit)
        self.unit = unit
        return unit

    def into_wave(self, line: Line, number: int | None, word: str = "wave") -> None:
        """Go on with the group of a wave, or begin it; None: with the group that is being read.

        :param word: what the document calls it.
        """
        if number is None or (self.group is not None and self.group.number == number):
            return
        group = next((group for group in self.part.groups if group.number == number), None)
        if group is None:
            self.new_group(line, Numbered(word, str(number), "", "", (), False))
        else:
            self.part.groups.remove(group)
            self.part.groups.append(group)

    def attribute(self, line: Line) -> bool:
        """Read a line `Key: value` about the unit, the group or the phase that is being read."""
        pair = attributes.pair(line.text)
        if pair is None:
            return False
        kind, value = pair
        if self.unit is not None:
            read = attributes.of_unit(self.unit, kind, value, line.number)
        elif self.group is not None and self.group.word not in {"", *PHASES} and kind in ("span", "needs", "title"):
            read = self._of_group(self.group, kind, value, line.number)
        else:
            read = attributes.of_part(self.part, kind, value, line.number)
        if read:
            self.use(line)
        return read

    def _of_group(self, group: Group, kind: str, value: str, line: int) -> bool:
        if kind == "span" and group.span is None and (span := planned(value) or duration(value)):
            group.span = At(span, line)
        elif kind == "needs":
            group.after.append(At(value, line))
        elif kind == "title" and not group.title:
            group.title = value
        return True


def number_by_place(parts: list[Part], with_phase: bool) -> None:
    """Number units without an id by group and place (`2.1`), as wave plans do with the phase before it (`0.2.1`)."""
    known = {unit.id for part in parts for unit in part.units if unit.id}
    for part in parts:
        phase = f"{part.number.value if part.number else 0}." if with_phase else ""
        for group in part.groups:
            places = (f"{phase}{group.number}.{place}" for place in itertools.count(1))
            for unit in group.units:
                if not unit.id:
                    unit.id = next(place for place in places if place not in known)
                    known.add(unit.id)
