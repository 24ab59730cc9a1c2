"""Put units into the waves that one place of a document lists: Kiro's graph of tasks, a column of a table."""

from __future__ import annotations

import json
from collections.abc import Iterator

from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Group, Part


def graph(doc: Document) -> dict[str, At[int]]:
    """Return the wave of each task by `{"waves": [{"id": 0, "tasks": ["1.1"]}]}`; empty if no code is such a graph."""
    for line, text in _blocks(doc):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        listed = data.get("waves") if isinstance(data, dict) else None
        waves = [one.get("tasks") if isinstance(one, dict) else one for one in listed or ()]
        if waves and all(isinstance(tasks, list) for tasks in waves):
            return {str(task): At(place, line) for place, tasks in enumerate(waves, 1) for task in tasks or ()}
    return {}


def _blocks(doc: Document) -> Iterator[tuple[int, str]]:
    """Yield the code of each block in JSON that speaks of waves, with the line it begins in."""
    lines: list[str] = []
    for line in doc.lines:
        if line.kind == "code" and line.language == "json" and not line.marker:
            lines.append(line.raw)
        elif lines:
            if '"waves"' in (text := "\n".join(lines)):
                yield line.number - len(lines), text
            lines = []


def regroup(part: Part, waves: dict[str, At[int]]) -> None:
    """Put each unit into its wave; one that is left out, as a checkpoint, waits for all that stands before it."""
    groups: dict[int, Group] = {}
    latest = 1
    for unit in list(part.units):
        at = waves.get(unit.id)
        latest = latest if at is None else max(latest, at.value)
        number = latest if at is None else at.value
        line = unit.line if at is None else at.line
        group = groups.setdefault(number, Group(number, line))
        if at is None:
            unit.needs += [At(other.id, unit.line, "by order") for other in group.units]
        group.units.append(unit)
    part.groups = [groups[number] for number in sorted(groups)]
