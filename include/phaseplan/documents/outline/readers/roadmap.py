"""Read GSD's `ROADMAP.md`: phases with numbered plans (`- [ ] 04-01-PLAN.md - Dig the pit`); each phase is a plan."""

from __future__ import annotations

import re

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
    inside, level = False, 0
    wave: int | None = None
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
            inside, wave, level = True, None, line.level
        elif line.kind == "heading" and line.level <= level:
            inside = False
        elif inside and line.kind != "blank":
            wave = _inside(build, line, wave)
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


def _inside(build: Builder, line: Line, wave: int | None) -> int | None:
    """Read a line below a phase's heading; return the wave that plans stand in."""
    build.use(line)
    match = _PLAN.match(line.text) if line.kind == "item" else None
    named = _WAVE.match(line.plain) if line.kind in ("text", "heading") else None
    key = _KEY.match(line.text) if line.kind in ("text", "item") and match is None else None
    if match is not None:
        _plan(build, line, match, wave)
    elif named is not None:
        return int(named[1])
    elif key is not None and key[1].lower() in ("depends on", "blocks"):
        own = build.part.number.value if build.part.number else None
        target = build.part.depends if key[1].lower() == "depends on" else build.part.blocks
        target += [At(n, line.number) for n in phases(plain(key[2])) if n != own]
    return wave


def _plan(build: Builder, line: Line, match: re.Match[str], wave: int | None) -> None:
    """Read a plan into its wave, which its title may name; one that is listed twice is where the last list says."""
    title = plain(match["title"])
    if (named := _WAVE.match(title)) is not None:
        wave, title = int(named[1]) if wave is None else wave, named["title"] or title
    unit = Unit(match["id"], line.number, title, match["id"])
    for group in build.part.groups:
        before = next((one for one in group.units if one.id == unit.id), None)
        if before is not None:
            unit.line, unit.title, unit.state = before.line, before.title or title, before.state
            group.units.remove(before)
    if wave is not None:
        build.into_wave(line, wave)
    elif build.group is None:
        build.new_group(line, Numbered("wave", "1", "", "", (), False))
    build.new_unit(line, unit)
