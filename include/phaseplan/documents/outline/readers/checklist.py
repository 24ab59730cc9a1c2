"""Read checkboxes without numbers: Conductor's `plan.md` (`- [ ] Task: ...`), GitHub's task lists (`- [ ] #12`)."""

from __future__ import annotations

import re

from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.builder import Builder, number_by_place
from phaseplan.documents.outline.headings import CRITERIA, GROUPS, Numbered, is_done, numbered, own_words, titled
from phaseplan.documents.outline.ids import CODE, NO_UNIT
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Trouble, Unit
from phaseplan.documents.outline.text import changed_paths, git_names, plain, unbold

_TASK = re.compile(
    r"(?:\*\*)?(?:Task|Aufgabe|Tarea|T\u00e2che)\b\s*(\d{1,3}(?:\.\d{1,3})?)?\s*:(?:\*\*)?\s*(.*)", re.IGNORECASE
)
_ISSUE = re.compile(r"(?:\*\*)?(?:[\w.-]+/[\w.-]+)?#(\d{1,6})\b(?:\*\*)?\s*[:\u2013\u2014-]?\s*(.*)")
_URL = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(?:issues|pull)/(\d{1,6})\S*\s*(.*)")
_CODED = re.compile(
    rf"(?P<open>\*\*|`)?\[?(?P<label>{CODE}|#\d{{1,6}})\]?(?P<close>\*\*|`)?"
    r"(?P<mark>\s*[:\u2013\u2014]|\.(?=\s)|\s\s*-|(?=\s))\s*(?:\*\*)?\s*(?P<title>.+)"
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
_LATER = re.compile(r"\W*(?:deferred|backlog|icebox|later|future|not planned)\b", re.IGNORECASE)
_MOST_HEADING = re.compile(
    r"tasks?\b|plan\b|to ?do|issues?\b|work|implementation|aufgaben|arbeitspakete|umsetzung|tareas|pendientes|"
    r"tarefas|implementação|implementación|tâches|à faire|mise en œuvre|任务|任務|"
    r"待办|待辦|计划|タスク|作業|実装|やること|작업|할 일|"
    r"구현|задач|план\b",
    re.IGNORECASE,
)


def recognise(doc: Document) -> bool:
    """Say whether there are checkboxes that define work: of tasks, of issues, or two below a heading that groups."""
    boxes = [line for line in doc.items if line.box is not None and line.level <= _depth(doc)]
    if any(map(_task, boxes)) or len({label for label, _ in _coded(doc).values()}) >= 2:
        return True
    listed = any(_MOST_HEADING.search(line.plain) for line in doc.headings)
    return (
        len(boxes) >= 2 and (_grouped(doc) or listed) and not all(_NO_UNITS.search(line.plain) for line in doc.headings)
    )


def _grouped(doc: Document) -> bool:
    """Say whether headings group what stands below them."""
    return any((head := numbered(line.text)) and head.word in GROUPS for line in doc.headings)


def _task(line: Line) -> re.Match[str] | None:
    """Return what a checkbox says of a task or an issue."""
    text = unbold(line.text)
    return _TASK.match(text) or _ISSUE.match(text) or _URL.match(text)


def _depth(doc: Document) -> int:
    """Return how far units may be indented: boxes of issues may stand below boxes that only group them."""
    boxes = [line for line in doc.items if line.box is not None]
    nested = {line.level for line in boxes if line.level > 1 and _ISSUE.match(unbold(line.text))}
    outer = any(_task(line) for line in boxes if line.level <= 1)
    return min(nested) if nested and not outer and not _coded(doc) else 1


def _coded(doc: Document) -> dict[int, tuple[str, str]]:
    """Return the ids of their own that items begin with, and what follows, by line: `**TASK_1**: Dig`, `A1: Dig`.

    Without a mark between (`W0-A Dig`) these are ids only if every box begins with one, and all with the same letters.
    """
    items = [line for line in doc.items if line.level <= 1]
    boxes = [line for line in items if line.box is not None]
    found = {line.number: match for line in items if (match := _CODED.match(line.text))}
    issues = not boxes and _grouped(doc)  # `- #12 Dig` below `Wave 1`
    found = {n: m for n, m in found.items() if not NO_UNIT.match(m["label"]) and (issues or m["label"][0] != "#")}
    loose = [match for match in found.values() if not match["mark"].strip()]
    marked = any(match["mark"].strip() for match in found.values())
    stems = {re.sub(r"\d.*", "", match["label"]) for match in found.values()}
    whole = (
        all(line.number in found for line in boxes)
        if boxes
        else all((m["open"] and m["close"]) or m["label"][0] == "#" for m in loose)
    )
    alike = (whole or (marked and not boxes)) and len(stems) == 1 and len({m["label"] for m in found.values()}) > 1
    own = {line: match for line, match in found.items() if match["mark"].strip() or alike}
    return {
        n: (m["label"].lstrip("#"), m["title"].replace("**", "", bool(m["open"] and not m["close"])))
        for n, m in own.items()
    }


def read(doc: Document) -> Outline:
    """Read the outermost checkboxes as units, headings as groups."""
    build, reading = Builder(doc, "checklist"), _Reading(doc)
    for line in doc.lines:
        if line.kind == "heading" and line.level > 1:
            _heading(build, reading, line)
        elif line.kind == "item" and line.level <= reading.depth and reading.may_be_unit(line):
            _item(build, reading, line)
        elif reading.unit is not None and line.kind in ("item", "text") and line.level > reading.depth:
            _below(build, reading.unit, line)
        elif line.kind in ("item", "text"):
            reading.unit = build.unit = None
            build.attribute(line)
    number_by_place(build.outline.parts, with_phase=False)
    return build.outline


class _Reading:
    """Hold where the reading is: the unit, and what the heading above says of the items below it."""

    def __init__(self, doc: Document) -> None:
        self.coded, self.depth = _coded(doc), _depth(doc)
        tasks = any(line.box is not None and _TASK.match(unbold(line.text)) for line in doc.items)
        self.tasks_only = bool(self.coded) or tasks
        self.unit: Unit | None = None
        self.barred = self.later = self.done = False
        self.level = 0  # of the headings that group
        self.other: Line | None = None  # a heading beside these

    def may_be_unit(self, line: Line) -> bool:
        """Say whether an item has a box or an id of its own."""
        return line.box is not None or (line.number in self.coded and not self.barred)


def _heading(build: Builder, reading: _Reading, line: Line) -> None:
    head = numbered(line.text) or _unnumbered(line)
    reading.unit = build.unit = None
    grouping = head is not None and head.word in GROUPS
    if head is not None and grouping:
        build.new_group(line, head)
        reading.level, reading.other = line.level, None
    elif line.level <= reading.level:
        reading.other = line
    reading.barred = _NO_UNITS.search(line.plain) is not None and not grouping
    reading.done = is_done(line.text) and not grouping
    reading.later = _LATER.match(line.plain) is not None and not grouping
    if reading.barred:
        build.use(line)


def _item(build: Builder, reading: _Reading, line: Line) -> None:
    if reading.later or (line.level < reading.depth > 1 and _task(line) is None):
        reading.unit = None
        _left_out(build, line, reading.later)
        return
    if reading.other is not None and not reading.barred and build.part.groups:
        title = Numbered(build.part.groups[-1].word, "", reading.other.plain, "", (), False)
        build.new_group(reading.other, title)
        reading.other = None
    reading.unit = None if reading.barred else _unit(build, line, reading.coded.get(line.number), reading.tasks_only)
    if reading.done and reading.unit is not None:
        reading.unit.state = At("done", line.number)
    if reading.barred or _CONDUCTOR.search(line.text):
        build.body(line)


def _below(build: Builder, unit: Unit, line: Line) -> None:
    build.body(line)
    found = attributes.pair(line.text)
    if found is not None and found[1] and (line.box is None or found[0] in ("needs", "feeds", "name")):
        attributes.of_unit(unit, found[0], found[1], line.number)
    attributes.in_words(unit, line.text, line.number)


def _left_out(build: Builder, line: Line, later: bool) -> None:
    """Report an item that is not planned; one that only groups issues below it is no unit."""
    build.use(line)
    if later:
        message = "this stands below a heading of what is not planned, and was not used"
        build.outline.troubles.append(Trouble("PP916", line.number, message, "put it into a wave if it is to be built"))


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
