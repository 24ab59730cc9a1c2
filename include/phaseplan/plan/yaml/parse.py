"""Parse YAML text to plain data, in one pass over libyaml's events, with a tree of positions.

Built by a loop instead of PyYAML's composer, because that recurses in C and a file of a hundred thousand
brackets ends the process there. Duplicate keys, exotic tags and expanding aliases are problems, all reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from phaseplan.plan.yaml.locations import START, Spot, Tree, spot
from phaseplan.plan.yaml.scalars import CONTROL, UnsupportedTag, scalar

MAX_DEPTH = 32  # a plan needs 7
MAX_ALIASED = 10_000  # values that aliases may add


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of the text itself."""

    code: str
    spot: Spot
    message: str
    hint: str | None = None


class Abandon(Exception):
    """Parsing cannot continue."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Frame:
    """Hold a mapping or sequence that is not closed yet."""

    tree: Tree
    value: dict[str, Any] | list[Any]
    since: int  # values seen when it began
    key: str | None = None
    key_event: Any = None
    merged: list[tuple[Any, Tree]] = field(default_factory=list)


class Document:
    """Parse one document into `value`, `tree` and `problems`."""

    def __init__(self, text: str) -> None:
        self.value: Any = None
        self.tree: Tree | None = None
        self.problems: list[Problem] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, Tree, int] | None] = {}
        self._values_read = 0
        self._aliased = 0
        self._documents = 0
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                _HANDLERS.get(event.__class__, _ignore)(self, event)
        except Abandon as stop:
            self.problems.append(stop.problem)
        except yaml.MarkedYAMLError as error:
            self.problems.append(_syntax(error))
        except yaml.YAMLError as error:
            self.problems.append(Problem("PP105", START, str(error).splitlines()[0]))

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise Abandon(Problem("PP105", spot(event), "a second document begins here", "one file holds one plan"))

    def _scalar(self, event: Any) -> None:
        value = None
        try:
            value = event.value if self._wants_key() else scalar(event)
        except UnsupportedTag as error:
            self._bad_tag(event, str(error))
        if event.style == '"' and CONTROL.search(event.value):
            self.problems.append(
                Problem("PP104", spot(event), "an escape here makes a control character", "take it out")
            )
        self._add(value, Tree(event), event)

    def _begin(self, event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise Abandon(Problem("PP106", spot(event), f"nested deeper than {MAX_DEPTH} levels"))
        if self._wants_key():
            raise Abandon(Problem("PP105", spot(event), "a key must be plain text"))
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", f"tag:yaml.org,2002:{'map' if mapping else 'seq'}"):
            self._bad_tag(event, event.tag)
        if event.anchor:
            self._anchors[event.anchor] = None  # open: an alias to it would contain itself
        self._stack.append(_Frame(Tree(event, {} if mapping else []), {} if mapping else [], self._values_read))

    def _end(self, event: Any) -> None:
        frame = self._stack.pop()
        frame.tree.end = event
        for source, tree in frame.merged:
            self._merge(frame, source, tree)
        self._add(frame.value, frame.tree, frame.tree.event, self._values_read - frame.since)

    def _alias(self, event: Any) -> None:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            why = "contains itself" if event.anchor in self._anchors else "is not defined above"
            raise Abandon(Problem("PP106", spot(event), f"the alias `*{event.anchor}` {why}"))
        value, tree, size = anchored
        self._aliased += size
        self._values_read += size
        if self._aliased > MAX_ALIASED:
            raise Abandon(Problem("PP106", spot(event), f"aliases add more than {MAX_ALIASED} values"))
        self._add(value, Tree(event, tree.parts), event)

    def _wants_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].value, dict) and self._stack[-1].key_event is None

    def _bad_tag(self, event: Any, tag: str) -> None:
        self.problems.append(Problem("PP107", spot(event), f"the tag `{tag}` is not plain data", "leave the tag out"))

    def _add(self, value: Any, tree: Tree, event: Any, size: int = 0) -> None:
        """Add a finished value to its parent; `event` is what began it."""
        self._values_read += 1
        if getattr(event, "anchor", None) and not isinstance(event, yaml.AliasEvent):
            self._anchors[event.anchor] = (value, tree, size + 1)
        if not self._stack:
            self.value, self.tree = value, tree
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
            assert isinstance(frame.tree.parts, list), "a list's shadow is a list"
            frame.tree.parts.append(tree)
        elif frame.key_event is None:
            frame.key, frame.key_event = str(value), event
        else:
            self._set_key(frame, value, tree)

    def _set_key(self, frame: _Frame, value: Any, tree: Tree) -> None:
        key, event = frame.key or "", frame.key_event
        frame.key = frame.key_event = None
        assert isinstance(frame.value, dict) and isinstance(frame.tree.parts, dict)
        if key == "<<" and getattr(event, "implicit", (False,))[0]:
            frame.merged.append((value, tree))
        elif key in frame.value:
            first = spot(frame.tree.parts[key][0])
            message = f"the key `{key}` is given twice; the first is on line {first.line}"
            self.problems.append(Problem("PP108", spot(event), message, "keep one of them"))
        else:
            frame.value[key] = value
            frame.tree.parts[key] = (event, tree)

    def _merge(self, frame: _Frame, source: Any, tree: Tree) -> None:
        """Copy the keys that `<<` names; the mapping's own keys win."""
        if isinstance(source, list) and isinstance(tree.parts, list):
            for value, part in zip(source, tree.parts, strict=True):
                self._merge(frame, value, part) if isinstance(value, dict) else self._bad_merge(part)
        elif isinstance(source, dict) and isinstance(tree.parts, dict):
            assert isinstance(frame.value, dict) and isinstance(frame.tree.parts, dict)
            for key, value in source.items():
                frame.value.setdefault(key, value)
                frame.tree.parts.setdefault(key, tree.parts[key])
        else:
            self._bad_merge(tree)

    def _bad_merge(self, tree: Tree) -> None:
        self.problems.append(Problem("PP105", spot(tree.event), "`<<` takes a mapping, or a list of mappings"))


def _ignore(document: Document, event: Any) -> None:
    """Ignore an event without content, such as the start or end of a stream."""


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    where = START if mark is None else Spot(mark.line + 1, mark.column + 1, None)
    text = error.problem or "not valid YAML"
    return Problem("PP105", where, f"{text}, {error.context}" if error.context else text)


_HANDLERS: dict[type, Any] = {
    yaml.DocumentStartEvent: Document._document,
    yaml.ScalarEvent: Document._scalar,
    yaml.MappingStartEvent: Document._begin,
    yaml.SequenceStartEvent: Document._begin,
    yaml.MappingEndEvent: Document._end,
    yaml.SequenceEndEvent: Document._end,
    yaml.AliasEvent: Document._alias,
}
