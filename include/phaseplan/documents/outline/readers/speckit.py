"""Read spec-kit's `tasks.md`: `- [ ] T001 [P] [US1] Make the page in src/page.py`, phases as waves."""

from __future__ import annotations

import re

from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import GROUPS, Numbered, numbered
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Unit
from phaseplan.documents.outline.text import LINES, changed_paths, plain, planned, size, unbold
from phaseplan.plan.spans import Span

_TASK = re.compile(r"[\[`]?(T\d{2,5}[a-z]?)\b(?!-T?\d)[\]`]?:?\s*(.*)")
_MARK = re.compile(r"^\s*[\[(]([A-Za-z]{1,10}[ -]?\d{0,3}|P\?)[\])]\s*")
_SIZE = re.compile(rf"\s*[(\[][^()\[\]]*\d\s*{LINES}[^()\[\]]*[)\]]", re.IGNORECASE)
_BRANCH = re.compile(r",?\s*(?:on )?branch\s+`([^`\s]+)`", re.IGNORECASE)
_PHASES = re.compile(r"\b(?:phase|setup|foundation\w*|user stor(?:y|ies)|polish|us\d|stories)\b", re.IGNORECASE)
_PART = re.compile(r"\s*\**Phase\**\s*:\**\s*(\d{1,3})\b(.*)", re.IGNORECASE)


def recognise(doc: Document) -> bool:
    """Say whether list items begin with ids such as T001."""
    return any(line.box is not None and _TASK.match(unbold(line.text)) for line in doc.items)


def read(doc: Document) -> Outline:
    """Read tasks as units, and the headings above them as waves."""
    build = Builder(doc, "spec-kit")
    pending: list[tuple[Line, Numbered]] = []
    unit: Unit | None = None
    span: At[Span] | None = None
    level = 0
    for line in doc.lines:
        match = _TASK.match(unbold(line.text)) if line.kind == "item" and line.box is not None else None
        if match is not None:
            for above, title in pending:
                build.new_group(above, title).span = span
            pending, span = [], None
            unit, level = _task(build, line, match), line.level
        elif line.kind == "heading" and line.level > 1:
            unit = None
            head = numbered(line.text)
            if head is not None and head.word in GROUPS:
                pending = [(line, head)]
            elif pending or "depend" not in line.plain.lower():
                build.use(line)
        elif unit is not None and line.kind in ("item", "text") and line.level > level:
            build.body(line)
            if (found := attributes.pair(line.text)) is not None:
                attributes.of_unit(unit, found[0], found[1], line.number)
            attributes.in_words(unit, line.text, line.number)
        elif line.kind in ("text", "item"):
            unit = None
            span = _between(build, line) or span
    build.outline.used |= {above.number for above, _ in pending}
    build.outline.ordered = any(u.marked for u in build.outline.units)
    return build.outline


def _task(build: Builder, line: Line, match: re.Match[str]) -> Unit:
    unit = Unit(match[1], line.number, shown=match[1])
    text = match[2]
    while (mark := _MARK.match(text)) is not None:
        unit.marked |= mark[1].upper() == "P"
        unit.story = mark[1][2:] if mark[1].startswith("US") else unit.story
        text = text[mark.end() :]
    text = attributes.without_needs(unit, text, line.number)
    if "`" in text and (branch := _BRANCH.search(text)) is not None:
        unit.name = At(branch[1], line.number)
        text = _BRANCH.sub("", text)
    if (count := size(text)) is not None:
        unit.lines = At(count, line.number)
        text = _SIZE.sub("", text)
    unit.title = plain(text).rstrip(" ,")
    attributes.own(unit, changed_paths(text), line.number)
    return build.new_unit(line, unit)


def _between(build: Builder, line: Line) -> At[Span] | None:
    """Read a line between tasks: the phase of the file, how long a wave takes, dependencies of whole phases."""
    text = line.plain
    if (own := _PART.fullmatch(line.text)) is not None and build.group is None:
        build.use(line)
        build.part.number = At(int(own[1]), line.number)
        for word, target in (
            ("builds? on|depends? on|after", build.part.depends),
            ("required by|blocks|before", build.part.blocks),
        ):
            for tie in re.finditer(
                rf"(?:{word})\s+(phases?\s*\d+(?:\s*(?:,|and)\s*(?:phase )?\d+)*)", own[2], re.IGNORECASE
            ):
                target += [At(n, line.number) for n in attributes.phases(tie[1]) if n not in [t.value for t in target]]
    elif build.group is None and (
        most := re.search(r"(?:parallel limit|max(?:imum)? (?:parallel )?agents)\W+(\d{1,3})\b", text, re.I)
    ):
        build.use(line)
        build.part.max_agents = At(int(most[1]), line.number)
    elif (time := planned(text)) and re.search(r"estimat|duration|takes", text, re.I):
        build.use(line)
        return At(time, line.number)
    elif _PHASES.search(text) and not re.search(r"\bT\d{2,5}\b", text):
        build.use(line)  # phases are waves: each waits for all before it, whatever is said of them
    return None
