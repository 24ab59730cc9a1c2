"""Read GSD's `ROADMAP.md`: phases with numbered plans (`- [ ] 04-01-PLAN.md - Dig the pit`); each phase is a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass

from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.attributes import phases
from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import Numbered, numbered
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Trouble, Unit
from phaseplan.documents.outline.text import plain

_PLAN = re.compile(
    r"(?:\*\*)?`?(?P<id>(?P<phase>\d{1,3}(?:\.\d{1,2})?)-\d{1,3})(?:-[\w-]*?PLAN)?(?:\.md)?`?(?:\*\*)?(?!\w)\s*(?::|\u2014|\u2013|-)?\s*(?P<title>.*)"
)
_SUMMARY = re.compile(r"(?:\*\*)?Phase\s+\d", re.IGNORECASE)
_WAVE = re.compile(r"\W*Wave\s+(\d{1,2})\b(?:\s*[:\u2013\u2014-]\s*(?P<title>\S.*))?", re.IGNORECASE)
_KEY = re.compile(
    r"\s*(?:[-*]\s+)?\**(Depends on|Blocks|Plans|Requirements?|Goal|Success Criteria)\b[^:*]{0,40}\**\s*:\**\s*(.*)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Place:
    """Hold where the reading is: the wave, and whether a list of plans is open."""

    wave: int | None = None
    listing: bool = False


def recognise(doc: Document) -> bool:
    """Say whether list items are plans of phases that headings name."""
    labels = {head.label for line in doc.headings if (head := _phase(line))}
    plans = {match["phase"].lstrip("0") for line in doc.items if (match := _PLAN.match(line.text))}
    return bool(plans & labels)


def _phase(line: Line) -> Numbered | None:
    head = numbered(line.text) if line.kind == "heading" else None
    return head if head is not None and head.word == "phase" else None


def read(doc: Document) -> Outline:
    """Read each phase as a part, its plans as units."""
    build = Builder(doc, "GSD roadmap")
    inside, level, place = False, 0, _Place()
    for line in doc.lines:
        head = _phase(line)
        if head is not None:
            build.new_part(line, head)
            if head.number is None:  # 2.1: an insertion; a plan's number is a whole one
                build.outline.troubles.append(
                    Trouble(
                        "PP916",
                        line.number,
                        f"phase {head.label} has no whole number, so its plan has none",
                        "give the plan a number of its own",
                    )
                )
            inside, level, place = True, line.level, _Place()
        elif line.kind == "heading" and line.level <= level:
            inside = False
        elif inside and line.kind != "blank":
            _inside(build, line, place)
        elif (line.kind in ("item", "heading") and _SUMMARY.match(line.plain)) or line.kind in ("row", "head"):
            build.use(line)  # the list of phases, and the table of progress: both say it again
    build.outline.parts = [part for part in build.outline.parts if part.groups or _lost(build, part)]
    return build.outline


def _lost(build: Builder, part: object) -> bool:
    """Report a phase that has no plans yet."""
    number = getattr(part, "number", None)
    if number is not None:
        message = f"phase {number.value} has no plans yet, so no plan was made of it"
        build.outline.troubles.append(Trouble("PP916", number.line, message, "write its plans, then import again"))
    return False


def _inside(build: Builder, line: Line, place: _Place) -> None:
    """Read a line below a phase's heading."""
    build.use(line)
    match = _PLAN.match(line.text) if line.kind == "item" else None
    named = _WAVE.match(line.plain) if line.kind in ("text", "heading") else None
    key = _KEY.match(line.text) if line.kind in ("text", "item", "heading") and match is None else None
    if match is not None:
        _plan(build, line, match["id"], plain(match["title"]), place.wave)
    elif named is not None:
        place.wave = int(named[1])
    elif key is not None or line.kind == "heading":
        place.listing = (key[1] if key is not None else line.plain).lower() == "plans"
        own = build.part.number.value if build.part.number else None
        target = {"depends on": build.part.depends, "blocks": build.part.blocks}.get(key[1].lower() if key else "")
        if key is not None and target is not None:
            target += [At(n, line.number) for n in phases(plain(key[2])) if n != own]
    elif place.listing and line.kind == "item" and line.level == 0 and line.marker[0].isdigit() and build.part.number:
        plan = f"{build.part.number.value:02}-{int(line.marker[:-1]):02}"  # `1. Stones - lay them`
        _plan(build, line, plan, line.plain, place.wave)


def _plan(build: Builder, line: Line, label: str, title: str, wave: int | None) -> None:
    """Read a plan into its wave, which its title may name; one that is listed twice is where the last list says."""
    if (named := _WAVE.match(title)) is not None:
        wave, title = int(named[1]) if wave is None else wave, named["title"] or title
    unit = Unit(label, line.number, shown=label)
    unit.title = attributes.without_needs(unit, title, line.number)
    for group in build.part.groups:
        before = next((one for one in group.units if one.id == unit.id), None)
        if before is not None:
            unit.line, unit.title, unit.state = before.line, before.title or unit.title, before.state
            group.units.remove(before)
    if wave is not None:
        build.into_wave(line, wave)
    elif build.group is None:
        build.new_group(line, Numbered("wave", "1", "", "", (), False))
    build.new_unit(line, unit)
