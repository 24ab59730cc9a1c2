"""Write each phase of an outline as a commented plan file: every value with its line, every gap as a TODO."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from phaseplan.documents.importing.contradictions.soundness import inverted
from phaseplan.documents.importing.spans import written
from phaseplan.documents.importing.writer import claimed, value
from phaseplan.documents.outline.model import At, Group, Outline, Part, Unit


def plans(file: str, outline: Outline) -> list[str]:
    """Return the text of each plan."""
    return [_Plan(short(file), outline, part).text() for part in outline.parts]


def short(file: str) -> str:
    """Return a file's name as comments have it."""
    return re.sub(r"[^\w.-]", "_", Path(file).name)[:80]


def _comment(file: str, line: int, more: str) -> str:
    return f"  # {file}:{line}{f', {more}' if more else ''}"


class _Plan:
    """Write one plan."""

    def __init__(self, file: str, outline: Outline, part: Part) -> None:
        self.file, self.outline, self.part = file, outline, part

    def text(self) -> str:
        """Return the whole text."""
        return "\n".join(self._lines()) + "\n"

    def at(self, line: int, more: str = "") -> str:
        """Return the comment that names a line."""
        return _comment(self.file, line, more)

    def _lines(self) -> Iterator[str]:
        part = self.part
        yield f"# Imported from {self.file}, read as {self.outline.format}. A comment names the line a value is from;"
        yield "# what the document does not say is a TODO."
        if part.number:
            yield f"phase: {part.number.value}{self.at(part.number.line)}"
        else:
            yield "# TODO phase: the document has no phase number"
        if part.title:
            yield f"title: {value(part.title.value)}{self.at(part.title.line)}"
        else:
            yield "# TODO title: the document does not name the phase"
        yield from self._ties("depends_on", part.depends)
        yield from self._ties("blocks", part.blocks)
        if part.max_agents and part.max_agents.value > 0:
            yield f"max_parallel_agents: {part.max_agents.value}{self.at(part.max_agents.line)}"
        yield "# TODO agent: no document names an agent profile; see include/agents.yaml"
        yield from (f"# TODO {todo}" for todo in part.todos)
        yield from self._claims()
        yield "waves:"
        for group in part.groups:
            yield from self._wave(group)

    def _ties(self, key: str, ties: list[At[int]]) -> Iterator[str]:
        numbers = dict.fromkeys(tie.value for tie in ties)
        if numbers:
            lines = ", ".join(dict.fromkeys(f"{self.file}:{tie.line}" for tie in ties))
            yield f"{key}: [{', '.join(map(str, numbers))}]  # {lines}"

    def _claims(self) -> Iterator[str]:
        pairs = [(claim.value.split(": ", 1), claim.line) for claim in self.part.claims]
        written_pairs = [(key, text if key == "reduction" else claimed(text), line) for (key, text), line in pairs]
        lines = {key: f"  {key}: {text}{self.at(line)}" for key, text, line in written_pairs if text}
        if lines:
            yield "claims:"
            yield from lines.values()

    def _wave(self, group: Group) -> Iterator[str]:
        why = "" if group.word else "all together: the document puts them in no wave"
        yield f"  - wave: {group.number}{self.at(group.line, why)}"
        if group.title:
            yield f"    title: {value(group.title)}{self.at(group.line)}"
        if group.span is not None:
            yield f"    duration: {written(group.span.value)}{self.at(group.span.line)}"
        yield "    branches:"
        for unit in group.units:
            yield from self._branch(unit)
        kept = [check for check in group.checks if not inverted(check.value)]
        if kept:
            yield "    validate:"
            yield from (f"      - {value(check.value)}{self.at(check.line)}" for check in kept)
        for check in group.checks:
            if inverted(check.value):
                text = value(
                    f"{check.value} ({self.file}:{check.line}) passes when it should fail; write it the other way round"
                )
                yield f"    # TODO validate: {text}"

    def _branch(self, unit: Unit) -> Iterator[str]:
        file = short(unit.file) if unit.file else self.file

        def at(line: int, more: str = "") -> str:
            return _comment(file, line, more)

        remark = "numbered by its place: the document has no id" if unit.made_up else ""
        yield f"      - id: {json.dumps(unit.id, ensure_ascii=False)}{at(unit.line, remark)}"
        if unit.state:
            yield f"        # TODO done: the document says that {unit.id} is done; delete it, or have it built again"
        if unit.name:
            yield f"        branch: {value(unit.name.value)}{at(unit.name.line)}"
        else:
            yield f"        # TODO branch: nothing names the git branch of {unit.id}"
        if unit.title:
            yield f"        title: {value(unit.title)}{at(unit.title_line or unit.line)}"
        else:
            yield f"        # TODO title: nothing says what {unit.id} is about"
        if unit.label:
            yield f"        agent_label: {value(unit.label.value)}{at(unit.label.line)}"
        if unit.lines:
            yield f"        lines: {unit.lines.value}{at(unit.lines.line)}"
        if unit.span:
            yield f"        duration: {written(unit.span.value)}{at(unit.span.line)}"
        if unit.needs:
            ids = ", ".join(json.dumps(need.value, ensure_ascii=False) for need in unit.needs)
            lines = ", ".join(dict.fromkeys(f"{file}:{need.line}" for need in unit.needs))
            whys = ", ".join(dict.fromkeys(need.why for need in unit.needs if need.why))
            yield f"        depends_on: [{ids}]  # {lines}{f' ({whys})' if whys else ''}"
        for lost in unit.unread:
            text = " ".join(lost.value.split())[:120]
            yield f"        # TODO depends_on: `{text}` ({file}:{lost.line}) fits no branch of this document"
        yield from (f"        # TODO {todo}" for todo in unit.todos)
        if unit.owns:
            yield "        owns:"
            yield from (f"          - {value(own.value)}{at(own.line)}" for own in unit.owns)
        else:
            yield f"        # TODO owns: nothing says which paths {unit.id} may change"
