"""Read checkboxes without numbers: Conductor's `plan.md` (`- [ ] Task: ...`), GitHub's task lists (`- [ ] #12`)."""

from __future__ import annotations

import re

from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.builder import Builder, number_by_place
from phaseplan.documents.outline.headings import CRITERIA, GROUPS, Numbered, numbered, own_words, titled
from phaseplan.documents.outline.ids import CODE, NO_UNIT
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Unit
from phaseplan.documents.outline.text import changed_paths, git_names, plain, unbold

_TASK = re.compile(
    r"(?:\*\*)?(?:Task|Aufgabe|Tarea|T\u00e2che)\b\s*(\d{1,3}(?:\.\d{1,3})?)?\s*:(?:\*\*)?\s*(.*)", re.IGNORECASE
)
_ISSUE = re.compile(r"(?:\*\*)?(?:[\w.-]+/[\w.-]+)?#(\d{1,6})\b(?:\*\*)?\s*[:\u2013\u2014-]?\s*(.*)")
_URL = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(?:issues|pull)/(\d{1,6})\S*\s*(.*)")
_CODED = re.compile(
    rf"(?P<open>\*\*|`)?\[?(?P<label>{CODE})\]?(?P<close>\*\*|`)?"
    r"(?P<mark>\s*[:\u2013\u2014]|\s\s*-|(?=\s))\s*(?:\*\*)?\s*(?P<title>.+)"
)
_UNNUMBERED = re.compile(rf"({'|'.join(sorted(GROUPS))})\s*:\s*(.+)", re.IGNORECASE)
_SHA = re.compile(r"\s+`?\[?(?:checkpoint: )?[0-9a-f]{7,40}\]?`?$")
_CONDUCTOR = re.compile(r"Conductor - User Manual Verification", re.IGNORECASE)
_NO_UNITS = re.compile(
    r"acceptance|criteria|definition of|verification|validation|checklist|success|testing|"
    r"notes?\b|review|quality|gates?\b|"
    rf"requirements?\b|(?<!low.)(?<!high.)(?<!medium.)risks?\b|sign-?off|open questions|out of scope|{CRITERIA}",
    re.IGNORECASE,
)
_MOST_HEADING = re.compile(
    r"tasks?\b|plan\b|to ?do|issues?\b|work|implementation|aufgaben|arbeitspakete|umsetzung|tareas|pendientes|"
    r"tarefas|implementação|implementación|tâches|à faire|mise en œuvre|任务|任務|"
    r"待办|待辦|计划|タスク|作業|実装|やること|작업|할 일|"
    r"구현|задач|план\b",
    re.IGNORECASE,
)


def recognise(doc: Document) -> bool:
    """Say whether there are checkboxes that define work: of tasks, of issues, or two below a heading that groups."""
    boxes = [line for line in doc.items if line.box is not None and line.level <= 1]
    tasks = [
        line for line in boxes if _TASK.match(unbold(line.text)) or _ISSUE.match(line.text) or _URL.match(line.text)
    ]
    if tasks or len({label for label, _ in _coded(doc).values()}) >= 2:
        return True
    grouped = any((head := numbered(line.text)) and head.word in GROUPS for line in doc.headings)
    listed = any(_MOST_HEADING.search(line.plain) for line in doc.headings)
    return len(boxes) >= 2 and (grouped or listed) and not all(_NO_UNITS.search(line.plain) for line in doc.headings)


def _coded(doc: Document) -> dict[int, tuple[str, str]]:
    """Return the ids of their own that items begin with, and what follows, by line: `**TASK_1**: Dig`, `A1: Dig`.

    Without a mark between (`W0-A Dig`) these are ids only if every box begins with one, and all with the same letters.
    """
    items = [line for line in doc.items if line.level <= 1]
    boxes = [line for line in items if line.box is not None]
    found = {line.number: match for line in items if (match := _CODED.match(line.text))}
    found = {line: match for line, match in found.items() if not NO_UNIT.match(match["label"])}
    loose = [match for match in found.values() if not match["mark"].strip()]
    stems = {re.sub(r"\d.*", "", match["label"]) for match in loose}
    whole = all(line.number in found for line in boxes) if boxes else all(m["open"] and m["close"] for m in loose)
    alike = whole and len(stems) == 1 and len({match["label"] for match in loose}) > 1
    own = {line: match for line, match in found.items() if match["mark"].strip() or alike}
    return {n: (m["label"], m["title"].replace("**", "", bool(m["open"] and not m["close"]))) for n, m in own.items()}


def read(doc: Document) -> Outline:
    """Read the outermost checkboxes as units, headings as groups."""
    build = Builder(doc, "checklist")
    unit: Unit | None = None
    barred = False
    coded = _coded(doc)
    tasks_only = bool(coded) or any(line.box is not None and _TASK.match(unbold(line.text)) for line in doc.items)
    for line in doc.lines:
        if line.kind == "heading" and line.level > 1:
            unit, build.unit, head = None, None, numbered(line.text) or _unnumbered(line)
            if head is not None and head.word in GROUPS:
                build.new_group(line, head)
            barred = _NO_UNITS.search(line.plain) is not None and (head is None or head.word not in GROUPS)
            if barred:
                build.use(line)
        elif (
            line.kind == "item" and line.level <= 1 and (line.box is not None or (line.number in coded and not barred))
        ):
            unit = None if barred else _unit(build, line, coded.get(line.number), tasks_only)
            if barred or _CONDUCTOR.search(line.text):
                build.use(line)
        elif unit is not None and line.kind in ("item", "text") and line.level > 1:
            build.body(line)
            found = attributes.pair(line.text)
            if found is not None and found[1] and (line.box is None or found[0] in ("needs", "feeds", "name")):
                attributes.of_unit(unit, found[0], found[1], line.number)
            attributes.in_words(unit, line.text, line.number)
        elif line.kind in ("item", "text"):
            unit = build.unit = None
            build.attribute(line)
    number_by_place(build.outline.parts, with_phase=False)
    return build.outline


def _unnumbered(line: Line) -> Numbered | None:
    """Return what a heading groups without a number: `## Phase: Repairs`."""
    match = _UNNUMBERED.fullmatch(line.plain)
    return Numbered(match[1].lower(), "", match[2], match[1], (), False) if match is not None else None


def _unit(build: Builder, line: Line, coded: tuple[str, str] | None, tasks_only: bool) -> Unit | None:
    text = _SHA.sub("", unbold(line.text))
    task, issue = _TASK.match(text), _ISSUE.match(text) or _URL.match(text)
    if _CONDUCTOR.search(text) or (tasks_only and task is None and coded is None):
        return None
    match = task or issue
    label, raw = coded or (match.groups() if match else ("", text))
    unit = Unit(label or "", line.number, shown=f"#{label}" if issue and not task else label or "", made_up=not label)
    raw = attributes.without_needs(unit, _SHA.sub("", raw), line.number)
    unit.title = own_words(*titled(f": {plain(raw)}"))
    if names := git_names(raw):
        unit.name = At(names[0], line.number)
    attributes.own(unit, changed_paths(raw), line.number)
    return build.new_unit(line, unit)
