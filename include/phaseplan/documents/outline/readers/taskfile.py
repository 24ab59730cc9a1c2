"""Read task-master's files: `tasks.json`, and the text form with `# Task ID: 1`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import state
from phaseplan.documents.outline.ids import nothing
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Group, Outline, Part, Unit
from phaseplan.plan.yaml.load import parse

_KEY = re.compile(
    r"#?\s*(Task ID|Title|Status|Dependencies|Priority|Description|Details|Test Strategy)\s*:\s*(.*)", re.IGNORECASE
)


def recognise(doc: Document) -> bool:
    """Say whether it is task-master's JSON, or its text form."""
    if re.match(r"\s*[{\[]", doc.text):
        return '"tasks"' in doc.text or ('"dependencies"' in doc.text and '"title"' in doc.text)
    return any(
        re.match(r"#?\s*Task ID\s*:\s*\S", line.raw, re.IGNORECASE)
        for line in doc.lines
        if line.kind in ("heading", "text")
    )


def read(doc: Document) -> Outline:
    """Read every task as a unit; subtasks are its steps."""
    return _json(doc) if re.match(r"\s*[{\[]", doc.text) else _text(doc)


def _text(doc: Document) -> Outline:
    build, unit = Builder(doc, "task-master"), None
    build.part.title = None
    for line in doc.lines:
        match = _KEY.match(line.raw) if line.kind in ("heading", "text") else None
        if match is not None and match[1].lower() == "task id" and match[2].strip():
            unit = build.new_unit(line, Unit(match[2].strip(), line.number, shown=f"Task {match[2].strip()}"))
        elif unit is not None:
            build.use(line)
            key = match[1].lower() if match else ""
            value = match[2].strip() if match else ""
            if key == "title":
                unit.title = value
            elif key == "status" and (done := state(value)):
                unit.state = At(done, line.number)
            elif key == "dependencies" and value:
                unit.texts.append(At(re.sub(r"[^\w\s,.#()-]", " ", value), line.number))
    return build.outline


def _json(doc: Document) -> Outline:
    """Read `{"tasks": [...]}`, or the same below each tag; a tag is a plan of its own."""
    build = Builder(doc, "task-master")
    source = parse(doc.file, doc.text if doc.text.lstrip().startswith("{") else f'{{"tasks": {doc.text}}}')
    build.outline.parts = []
    build.outline.used |= {line.number for line in doc.lines}
    for tag, path, tasks in _lists(source.data or {}):
        part = Part(title=At(tag, source.locations.find((*path,)).line) if tag else None)
        group = Group(1, 1, word="")
        for i, task in enumerate(tasks):
            at = source.locations.find((*path, i)).line
            if isinstance(task, dict) and str(task.get("id", "")).strip():
                group.units.append(_task(task, at))
        if group.units:
            part.groups = [group]
            build.outline.parts.append(part)
    return build.outline


def _lists(data: dict[str, Any]) -> Iterator[tuple[str, tuple[str | int, ...], list[Any]]]:
    """Yield the lists of tasks: tag, path, tasks."""
    if isinstance(data.get("tasks"), list):
        yield "", ("tasks",), data["tasks"]
        return
    for tag, value in data.items():
        name = "" if tag == "master" else str(tag)
        if isinstance(value, dict) and isinstance(value.get("tasks"), list):
            yield name, (str(tag), "tasks"), value["tasks"]
        elif isinstance(value, list) and all(isinstance(task, dict) and "title" in task for task in value):
            yield name, (str(tag),), value


def _task(task: dict[str, Any], line: int) -> Unit:
    unit = Unit(str(task["id"]).strip(), line, " ".join(str(task.get("title", "")).split()), f"Task {task['id']}")
    needed = task.get("dependencies")
    for one in needed if isinstance(needed, list) else []:
        if not nothing(str(one)):
            unit.texts.append(At(str(one).split(".")[0], line))  # a subtask is a step of its task
    if done := state(str(task.get("status", ""))):
        unit.state = At(done, line)
    return unit
