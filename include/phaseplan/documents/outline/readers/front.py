"""Read files of one unit with front matter: GSD's `PLAN.md` and Backlog.md's tasks."""

from __future__ import annotations

import re
from typing import Any

from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import state
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Group, Outline, Unit
from phaseplan.documents.outline.text import is_path, plain

_GSD = {"wave", "depends_on", "files_modified", "autonomous"}
_BACKLOG = {"status", "dependencies"}  # its documents and decisions have ids and dates, too
_NO_TASK = re.compile(r"(?:doc|decision)-\d", re.IGNORECASE)


def recognise(doc: Document) -> bool:
    """Say whether the front matter is a plan's of GSD or a task's of Backlog.md."""
    data = _data(doc)
    return ("plan" in data and bool(_GSD & data.keys())) or (
        "id" in data and "title" in data and bool(_BACKLOG & data.keys()) and not _NO_TASK.match(str(data["id"]))
    )


def _data(doc: Document) -> dict[str, Any]:
    """Return the front matter, as text and lists; nothing if it is no mapping."""
    if not doc.front:
        return {}
    import yaml

    try:
        data = yaml.load("\n".join(line.raw for line in doc.front[1:-1]), Loader=yaml.CBaseLoader)  # texts only
    except (yaml.YAMLError, RecursionError):
        return {}
    return data if isinstance(data, dict) and all(isinstance(key, str) for key in data) else {}


def read(doc: Document) -> Outline:
    """Read one unit."""
    data, build = _data(doc), Builder(doc, "front matter")
    lines = {m[1]: line.number for line in doc.front if (m := re.match(r"([\w-]+)\s*:", line.raw))}
    build.outline.used |= {line.number for line in doc.lines}
    build.part.title = None
    gsd = "plan" in data and bool(_GSD & data.keys())
    unit = _plan(doc, build, data, lines) if gsd else _task(build, data, lines)
    number = int(data["wave"]) if gsd and str(data.get("wave", "")).isdecimal() and len(data["wave"]) < 4 else 1
    group = Group(number, lines.get("wave", unit.line), units=[unit], word="wave" if gsd else "")
    group.checks = _checks(doc) if gsd else []
    build.part.groups.append(group)
    return build.outline


def _texts(value: object) -> list[str]:
    """Return a value as a list of texts."""
    if isinstance(value, list):
        return [str(item).strip() for item in value if isinstance(item, str) and item.strip()]
    return [text.strip() for text in str(value or "").split(",") if text.strip()] if not isinstance(value, dict) else []


def _line_of(doc: Document, text: str, otherwise: int) -> int:
    return next((line.number for line in doc.front if text in line.raw), otherwise)


def _plan(doc: Document, build: Builder, data: dict[str, Any], lines: dict[str, int]) -> Unit:
    """Read `phase: 08-harbour`, `plan: 03`, `wave`, `depends_on`, `files_modified`; the objective is its title."""
    phase = re.match(r"(\d{1,3})(\.\d+)?[-_ ]*(.*)", str(data.get("phase", "")))
    plan = str(data["plan"]).strip()
    label = f"{int(phase[1]):02}{phase[2] or ''}" if phase else ""  # 01.1: an insertion behind phase 1, not phase 1
    if phase is not None and not phase[2]:
        build.part.number = At(int(phase[1]), lines.get("phase", 1))
    if phase is not None and phase[3]:
        build.part.title = At(phase[3].replace("-", " "), lines.get("phase", 1))
    short = re.fullmatch(r"\d{1,3}", plan)
    unit = Unit(f"{label}-{int(plan):02}" if phase and short else plan, lines.get("plan", 1))
    unit.shown = unit.id
    unit.title, title_line = _objective(doc)
    for needed in _texts(data.get("depends_on")):
        line = _line_of(doc, needed, lines.get("depends_on", 1))
        whole = f"{label}-{int(needed):02}" if phase and re.fullmatch(r"\d{1,3}", needed) else needed
        unit.texts.append(At(whole, line))
    for path in _texts(data.get("files_modified")):
        if is_path(path) or "/" in path:
            unit.owns.append(At(path, _line_of(doc, path, lines.get("files_modified", 1))))
    unit.line = unit.line or title_line
    return unit


def _objective(doc: Document) -> tuple[str, int]:
    """Return the first sentence of the objective, else the first heading, with its line."""
    bare = [(line.raw.strip(), line.number) for line in doc.lines if line.kind not in ("front", "code", "blank")]
    for i, (raw, number) in enumerate(bare):
        if raw.startswith("<objective>"):
            inside = raw.removeprefix("<objective>").removesuffix("</objective>").strip()
            text, at = (inside, number) if inside else bare[i + 1] if i + 1 < len(bare) else ("", number)
            return plain(text).rstrip("."), at
    heading = doc.title or next(iter(doc.headings), None)
    return (heading.plain, heading.number) if heading else ("", 1)


def _checks(doc: Document) -> list[At[str]]:
    """Return the commands of the verification."""
    inside, out = False, []
    for line in doc.lines:
        if line.raw.strip().startswith("<verification>"):
            inside = True
        elif line.raw.strip().startswith("</verification>"):
            inside = False
        elif inside and line.kind == "code" and line.text.strip() and not line.text.strip().startswith("#"):
            out.append(At(line.text.strip(), line.number))
    return out


def _task(build: Builder, data: dict[str, Any], lines: dict[str, int]) -> Unit:
    """Read `id`, `title`, `status`, `dependencies`, `branch` of a task of Backlog.md."""
    unit = Unit(str(data["id"]).strip(), lines.get("id", 1), plain(str(data["title"])), str(data["id"]).strip())
    for needed in _texts(data.get("dependencies")):
        unit.texts.append(At(needed, lines.get("dependencies", 1)))
    if done := state(str(data.get("status", ""))):
        unit.state = At(done, lines.get("status", 1))
    for path in _texts(data.get("modified_files") or data.get("files")):
        unit.owns.append(At(path, lines.get("modified_files", lines.get("files", 1))))
    return unit
