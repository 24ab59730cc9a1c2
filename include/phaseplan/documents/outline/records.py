"""Find what a document records of the past: changelogs, release notes, what a released wave has added and fixed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from phaseplan.documents.outline.lines import Document, Line

_LOG = re.compile(
    r"\W*(?:\d+[.)]\s*)?(?:project )?(?:change ?logs?|(?:release|version|revision) (?:notes?|history)|"
    r"what['\u2019]?s new|\u00e4nderungsprotokoll|\u00e4nderungshistorie|versionshinweise|"
    r"notas de (?:la )?versi\u00f3n|registro de cambios|notes de version|journal des modifications)"
    r"(?:[\s:(\u2013\u2014-]{1,4}(?:for )?v?\d[\w.]*\)?){0,3}\W*",
    re.IGNORECASE,
)
_KEPT = re.compile(r"\W*(?:added|changed|deprecated|removed|fixed)\W*", re.IGNORECASE)  # of "Keep a Changelog"
_VERSION = re.compile(r"\W*(?:v?\d+\.\d+(?:\.\d+)?[\w.+-]*|unreleased)\b", re.IGNORECASE)
_RELEASED = re.compile(
    r"\b(?:released|shipped|ver\u00f6ffentlicht|publi(?:cad[oa]|\u00e9e?)|lan\u00e7ad[oa])\b|\d{4}-\d\d-\d\d",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"(?:\W*(?:[A-Z]+-\d+|#\d+|[\w.-]+/[\w./-]+))?\W*(?:added|fixed|changed|removed|updated|improved|deprecated|renamed|"
    r"refactored|upgraded|introduced|implemented|dropped|bumped|moved|resolved|released|shipped)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Record:
    """Hold a heading, and the lines below it that record the past."""

    head: Line
    below: tuple[Line, ...]


def set_apart(doc: Document) -> None:
    """Make the lines that record the past comments, which no reader reads."""
    doc.records = tuple(_records(doc.lines))
    if own := {line.number for record in doc.records for line in record.below}:
        doc.lines = [replace(line, kind="comment") if line.number in own else line for line in doc.lines]


def _records(lines: list[Line]) -> Iterator[Record]:
    """Yield the sections that record the past: one with an open box is work."""
    above: list[Line] = []  # the headings that a line stands below
    end = 0
    for at, line in enumerate(lines):
        if line.kind != "heading" or at < end:
            continue
        above = [*(head for head in above if head.level < line.level), line]
        if not (log := _is_log(above)) and not _is_past(line):
            continue
        following = range(at + 1, len(lines))
        stop = next((i for i in following if lines[i].kind == "heading" and lines[i].level <= line.level), len(lines))
        below = tuple(lines[at + 1 : stop])
        if (log or _all_past(below)) and all(one.box != " " for one in below):
            end = stop
            yield Record(line, below)


def _is_log(above: list[Line]) -> bool:
    """Say whether the last of these headings is called a log, or `Fixed` below a version or a wave that is out."""
    *parents, head = above
    kept = _KEPT.fullmatch(head.text) is not None and head.level < 7 and bool(parents) and _is_past(parents[-1])
    return kept or _LOG.fullmatch(head.text) is not None


def _is_past(head: Line) -> bool:
    """Say whether a heading is of a version, or says that what stands below it is out."""
    return head.level > 1 and bool(_VERSION.match(head.text) or _RELEASED.search(head.text))


def _all_past(below: tuple[Line, ...]) -> bool:
    """Say whether all items begin with what was done."""
    items = [one for one in below if one.kind == "item" and one.level <= 1]
    return bool(items) and all(_PAST.match(one.plain) for one in items)
