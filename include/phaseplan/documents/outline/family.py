"""Tell plans in waves as Phase 5 is one, which say one thing in many places, from documents of one grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from phaseplan.documents.importing.words import slug
from phaseplan.documents.outline.ids import Known
from phaseplan.documents.outline.lines import BOLD, Document, Line
from phaseplan.documents.outline.model import Outline
from phaseplan.documents.outline.text import git_names, paths

_WAVE = re.compile(
    r"\b(?:wave|stage|batch|sprint|tier|welle|ola|vague)s?[ #-]*(?:\d|one|two|three)\b|\b(?:first|second|third) wave\b",
    re.IGNORECASE,
)
_TRIPLE = re.compile(r"(?<![\w./-])(?:[A-Z]{1,3})?\d{1,3}\.\d{1,3}\.\d{1,3}[a-z]?(?![\w/]|\.\d)")
_PIECE = re.compile(r"\bp\d{1,3}w\d{1,3}[-_]")
_AGENT = re.compile(r"\b(?:agent|engineer|developer)s?[ #]*(?:\d|[A-Z]\b)")
_SAYS = re.compile(
    r"\d|\b(?:waves?|agents?|phases?|branch(?:es)?|depends|blocks|needs|requires|lines|hours|days|owns?|owned|before|after|"
    r"parallel|independent|critical|risk|split|merge|together)\b",
    re.IGNORECASE,
)  # fmt: skip


def is_wave_plan(doc: Document) -> bool:
    """Say whether a document is of the family: waves and agents, ids of phase, wave and place, names like `p5w1-x`."""
    if doc.in_waves is None:
        doc.in_waves = _is_wave_plan(doc)
    return doc.in_waves


def _is_wave_plan(doc: Document) -> bool:
    signs = 0
    for sign in _signs(doc):
        signs += sign
        if signs >= 2:
            return True
    return False


def _signs(doc: Document) -> Iterator[int]:
    """Yield how much each sign of the family counts, those first that cost least to look for."""
    text = doc.text
    yield any(line.kind == "code" and line.language == "mermaid" for line in doc.lines)
    yield sum(1 for _ in islice(_WAVE.finditer(text), 2))
    yield sum(1 for _ in islice(_AGENT.finditer(text), 2)) > 1
    yield 2 * bool(_PIECE.search(text))
    yield min(2, len({match[0] for match in _TRIPLE.finditer(text)} - _outlined(doc)))


def _outlined(doc: Document) -> set[str]:
    """List the ids of three numbers that only number checkboxes below others: `1.2.1` below `1.2`."""
    labels = {
        match[0].rstrip(".") for line in doc.items if line.box is not None and (match := re.match(r"[\d.]+", line.text))
    }
    return {label for label in labels if label.rsplit(".", 1)[0] in labels}


def explained(doc: Document, outline: Outline) -> bool:
    """Say whether an outline accounts for every line that could say something about the plan."""
    groups = [group for part in outline.parts for group in part.groups]
    unread = any(unit.unread for unit in outline.units)
    waves = {slug(unit.name.value)[1] for group in groups if not group.word for unit in group.units if unit.name}
    return not (outline.disagrees or unread or waves - {None} or any(unexplained(doc, outline)))


def is_far_from_explained(doc: Document, outline: Outline) -> bool:
    """Say so before an outline is settled: it leaves a line without any id, and only lines with ids are used later."""
    return any(not re.search(r"\d", line.raw) for line in unexplained(doc, outline))


def unexplained(doc: Document, outline: Outline) -> Iterator[Line]:
    """Yield the lines that could say something about the plan, and that no value is from."""
    known = Known(outline.units)
    names = {
        name for unit in outline.units if unit.name for name in (unit.name.value, unit.name.value.rsplit("/", 1)[-1])
    }
    checks = {check.line for part in outline.parts for group in part.groups for check in group.checks}
    read = outline.used | checks
    for line in doc.lines:
        if line.number in read or line.kind in ("blank", "front", "comment", "more"):
            continue
        if line.kind == "code":
            mentioned = [name for name in git_names(line.raw) if name not in names]
            strange = line.language not in ("mermaid",) and bool(
                mentioned or _TRIPLE.search(line.raw) or line.language in ("yaml", "yml")
            )
            if strange and line.raw.strip() and not line.raw.strip().startswith("#"):
                yield line
        elif line.kind == "heading":
            if line.level < BOLD and (_TRIPLE.search(line.text) or git_names(line.text)):
                yield line
        elif _SAYS.search(line.plain) or git_names(line.text) or paths(line.text) or known.one(line.plain):
            yield line
