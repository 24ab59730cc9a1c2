"""Write each phase of an outline as a commented plan file: every value with its line, every gap as a TODO."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.documents.importing.spans import in_days, spans, written
from phaseplan.documents.outline.commands import inverted
from phaseplan.documents.outline.model import At, Group, Outline, Part, Unit
from phaseplan.plan.yaml.scalars import plain

if TYPE_CHECKING:
    from phaseplan.documents.importing.schemes import Scheme

_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./ ()&+*%'-]*")
_DAYS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:days?)?\s*(?:(?:-|\u2013|to)\s*(\d+(?:\.\d+)?)\s*)?(?:\w+ )?days?", re.I)
_TIMES = ("duration", "sequential", "parallel")  # of claims


def plans(file: str, outline: Outline, scheme: Scheme | None = None) -> list[str]:
    """Return the text of each plan, in the document's own words."""
    return [_Plan(short(file), outline, part, scheme).text() for part in outline.parts]


def short(file: str) -> str:
    """Return a file's name as comments have it."""
    return re.sub(r"[^\w.-]", "_", Path(file).name)[:80]


def value(text: str) -> str:
    """Write a text as a YAML scalar."""
    text = _one_line(text)
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and plain(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def _one_line(text: str) -> str:
    return " ".join(text.replace("\ufeff", " ").split())


def _claimed(text: str) -> str | None:
    """Write a promised time; days stay days."""
    last = text.rsplit("=", 1)[-1]
    if in_days(last) and (match := _DAYS.search(last)):
        return f"{match[1]}d-{match[2]}d" if match[2] else f"{match[1]}d"
    durations = spans(last) or spans(text)
    return written(durations[0]) if durations else None


def _comment(file: str, line: int, more: str) -> str:
    return f"  # {file}:{line}{f', {more}' if more else ''}"


class _Plan:
    """Write one plan."""

    def __init__(self, file: str, outline: Outline, part: Part, scheme: Scheme | None) -> None:
        self.file, self.outline, self.part = file, outline, part
        self.shown: Callable[[str], str] = scheme.shown if scheme is not None else str
        self.label: Callable[[str], str] = scheme.label if scheme is not None else str
        self.sized = any(unit.lines for unit in part.units)

    def text(self) -> str:
        """Return the whole text."""
        return "\n".join(self._lines()) + "\n"

    def at(self, line: int, more: str = "") -> str:
        """Return the comment that names a line."""
        return _comment(self.file, line, more)

    def put(self, key: str, at: At[str] | None) -> Iterator[str]:
        """Yield one key with its value, if there is one."""
        if at is not None:
            yield f"{key}: {self.value(at.value)}{self.at(at.line)}"

    def todo(self, indent: str, text: str) -> str:
        """Write a TODO for a value that the document lacks."""
        return f"{indent}# TODO {_one_line(self.shown(text))}"

    def value(self, text: str) -> str:
        """Write a text as a YAML scalar."""
        return value(self.shown(text))

    def ids(self, several: Iterable[str]) -> str:
        """Write ids in brackets."""
        return f"[{', '.join(self.id(one) for one in several)}]"

    def id(self, unit: str) -> str:
        """Write a unit's id."""
        return json.dumps(self.label(unit), ensure_ascii=False)

    def _lines(self) -> Iterator[str]:
        part = self.part
        yield f"# Imported from {self.file}, read as {self.outline.format}. A comment names the line a value is from;"
        yield "# what the document does not say is a TODO."
        if part.number:
            yield f"phase: {part.number.value}{self.at(part.number.line)}"
        else:
            yield "# TODO phase: the document has no phase number"
        yield from self.put("title", part.title)
        if part.title is None:
            yield "# TODO title: the document does not name the phase"
        yield from self._ties("depends_on", part.depends)
        yield from self._ties("blocks", part.blocks)
        yield from self._ties("independent_from", part.independent)
        if part.max_agents and part.max_agents.value > 0:
            yield f"max_parallel_agents: {part.max_agents.value}{self.at(part.max_agents.line)}"
        yield "# TODO agent: no document names an agent profile; see include/agents.yaml"
        yield from (self.todo("", todo) for todo in part.todos)
        if part.max_lines and part.max_lines.value > 0:
            yield "gates:"
            yield f"  max_lines: {part.max_lines.value}{self.at(part.max_lines.line)}"
        yield from self._shared()
        yield from self._claims()
        yield from self._texts("", "notes", part.notes)
        yield "waves:"
        for group in part.groups:
            yield from self._wave(group)

    def _ties(self, key: str, ties: list[At[int | None]]) -> Iterator[str]:
        numbers = dict.fromkeys(tie.value for tie in ties if tie.value is not None)
        if ties:
            lines = ", ".join(dict.fromkeys(f"{self.file}:{tie.line}" for tie in ties))
            yield f"{key}: [{', '.join(map(str, numbers))}]  # {lines}"

    def _shared(self) -> Iterator[str]:
        part = self.part
        yield from ["shared_files:"] if part.shared else []
        for file in part.shared:
            yield f"  - path: {self.value(file.path)}{self.at(file.line)}"
            yield f"    owner: {self.id(file.owner)}"
            yield f"    branches: {self.ids(file.others)}"
        if part.generated and part.generator is not None:
            yield "generated_files:"
            paths = ", ".join(self.value(path.value) for path in part.generated)
            yield f"  - paths: [{paths}]{self.at(part.generated[0].line)}"
            yield from self.put("    command", part.generator)
        elif part.generated:
            yield self.todo("", f"generated file {part.generated[0].value}: nothing says which command makes it")

    def _claims(self) -> Iterator[str]:
        lines: dict[str, str] = {}
        for claim in self.part.claims:
            key, _, text = claim.value.partition(": ")
            if short_text := _claimed(text) if key in _TIMES else text:
                lines[key] = f"  {key}: {short_text}{self.at(claim.line)}"
        if (path := self.part.critical) is not None:
            lines["critical_path"] = f"  critical_path: {self.ids(path.value)}{self.at(path.line)}"
        if lines or any(self.part.risks.values()):
            yield "claims:"
            yield from lines.values()
        for key, texts in self.part.risks.items():
            yield from [f"  {key}:"] if texts else []
            for name, at in texts.items():
                yield from self.put(f"    {self.value(name)}", at)

    def _texts(self, indent: str, key: str, texts: list[At[str]]) -> Iterator[str]:
        """Yield a list of texts, each once."""
        entries = list({at.value: at for at in texts if at.value}.values())
        yield from [f"{indent}{key}:"] if entries else []
        yield from (f"{indent}  - {self.value(at.value)}{self.at(at.line)}" for at in entries)

    def _wave(self, group: Group) -> Iterator[str]:
        why = "" if group.word else "all together: the document puts them in no wave"
        yield f"  - wave: {group.number}{self.at(group.line, why)}"
        if group.title:
            yield f"    title: {self.value(group.title)}{self.at(group.title_line or group.line)}"
        if group.span is not None:
            yield f"    duration: {written(group.span.value)}{self.at(group.span.line)}"
        yield from self.put("    conflict_risk", group.risk)
        yield "    branches:"
        for unit in group.units:
            yield from self._branch(unit)
        yield from self._texts("    ", "validate", [check for check in group.checks if not inverted(check.value)])
        for check in {check.value: check for check in group.checks if inverted(check.value)}.values():
            place = f"({self.file}:{check.line})"
            text = value(f"{check.value} {place} passes when it should fail; write it the other way round")
            yield self.todo("    ", f"validate: {text}")
        yield from self._texts("    ", "notes", group.notes)

    def _branch(self, unit: Unit) -> Iterator[str]:
        file = short(unit.file) if unit.file else self.file

        def at(line: int, more: str = "") -> str:
            return _comment(file, line, more)

        def todo(text: str) -> str:
            return self.todo(" " * 8, text)

        remark = "numbered by its place: the document has no id" if unit.made_up else ""
        yield f"      - id: {self.id(unit.id)}{at(unit.line, remark)}"
        if unit.state:
            yield todo(f"done: the document says that {unit.id} is done; delete it, or have it built again")
        if unit.name:
            yield f"        branch: {self.value(unit.name.value)}{at(unit.name.line)}"
        else:
            yield todo(f"branch: nothing names the git branch of {unit.id}")
        if unit.title:
            yield f"        title: {self.value(unit.title)}{at(unit.title_line or unit.line)}"
        else:
            yield todo(f"title: nothing says what {unit.id} is about")
        if unit.label:
            yield f"        agent_label: {self.value(unit.label.value)}{at(unit.label.line)}"
        if unit.lines:
            yield f"        lines: {unit.lines.value}{at(unit.lines.line)}"
        elif self.sized:
            yield todo(f"lines: nothing estimates {unit.id}")
        if unit.span:
            yield f"        duration: {written(unit.span.value)}{at(unit.span.line)}"
        if unit.needs:
            lines = ", ".join(dict.fromkeys(f"{file}:{need.line}" for need in unit.needs))
            whys = ", ".join(dict.fromkeys(need.why for need in unit.needs if need.why))
            remark = f"{lines}{f' ({whys})' if whys else ''}"
            yield f"        depends_on: {self.ids(need.value for need in unit.needs)}  # {remark}"
        for lost in unit.unread:
            text = " ".join(lost.value.split())[:120]
            yield todo(f"depends_on: `{text}` ({file}:{lost.line}) fits no branch of this document")
        yield from map(todo, unit.todos)
        if unit.owns:
            yield "        owns:"
            yield from (f"          - {self.value(own.value)}{at(own.line)}" for own in unit.owns)
        else:
            yield todo(f"owns: nothing says which paths {unit.id} may change")
