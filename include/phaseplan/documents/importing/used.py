"""Find the lines that the facts of a wave plan are from: what looks like a unit and is not among them was not used."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.importing.words import ids
from phaseplan.documents.outline.lines import Document


def used_lines(doc: Document, draft: Draft) -> set[int]:
    """Return the lines of all facts, and those that only name branches of the plan."""
    lines: set[int] = set()
    _collect(draft.facts, lines, 0)
    known = set(draft.known.entries)
    names = {name for entry in draft.known.entries.values() for name in entry.names}
    scheme = draft.facts.scheme
    for line in doc.lines:
        if line.number in lines or line.kind not in ("heading", "row", "item", "text"):
            continue
        text = scheme.read(line.raw)
        mentioned = ids(text)
        if (mentioned and set(mentioned) & known) or any(name in line.raw for name in names):
            lines.add(line.number)
    return lines


def _collect(value: Any, lines: set[int], depth: int) -> None:
    """Add the lines of everything that a value holds."""
    if depth > 8:
        return
    if isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, lines, depth + 1)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, lines, depth + 1)
    elif is_dataclass(value) and not isinstance(value, type):
        line = getattr(value, "line", None)
        if isinstance(line, int):
            lines.add(line)
        for part in fields(value):
            if part.name not in ("scheme", "nodes"):
                _collect(getattr(value, part.name), lines, depth + 1)
