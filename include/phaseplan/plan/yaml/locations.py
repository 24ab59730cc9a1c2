"""Find the position of every key and value in its file; positions are computed only when something is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from phaseplan.plan.lint.diagnostics import Diagnostic, Finding, Path


@dataclass(slots=True)
class Tree:
    """Mirror one value: the YAML event that began it, and its parts by key or index."""

    event: Any  # yaml.Event; typed loosely because only events made by the C parser always carry marks
    parts: dict[str, tuple[Any, Tree]] | list[Tree] | None = None
    end: Any = None  # the event that closed it, of a mapping or sequence


@dataclass(frozen=True, slots=True)
class Spot:
    """Hold one place in a file, counted from 1."""

    line: int
    column: int
    end: int | None


START = Spot(1, 1, None)


def spot(event: Any) -> Spot:
    """Return the place of one YAML event; only a scalar on one line has an end."""
    start, end = event.start_mark, event.end_mark
    closed = isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)) and start.line == end.line
    return Spot(start.line + 1, start.column + 1, end.column + 1 if closed and end.column > start.column else None)


class Locations:
    """Find positions of the values of one document."""

    def __init__(self, tree: Tree | None) -> None:
        self._tree = tree

    def tree(self, path: Path) -> Tree | None:
        """Return the tree of the value at exactly this path."""
        tree = self._tree
        for step in path:
            if tree is not None and isinstance(tree.parts, dict) and step in tree.parts:
                tree = tree.parts[str(step)][1]
            elif tree is not None and isinstance(tree.parts, list) and isinstance(step, int) and step < len(tree.parts):
                tree = tree.parts[step]
            else:
                return None
        return tree

    def find(self, path: Path, on_key: bool = False) -> Spot:
        """Return the place of the value at `path`, or of its key; of the nearest parent if the path ends early."""
        if self._tree is None:
            return START
        tree, key = self._tree, None
        for step in path:
            if isinstance(tree.parts, dict) and step in tree.parts:
                key, tree = tree.parts[str(step)]
            elif isinstance(tree.parts, list) and isinstance(step, int) and step < len(tree.parts):
                key, tree = None, tree.parts[step]
            else:
                break
        return spot(key if on_key and key is not None else tree.event)

    def diagnose(self, file: str, finding: Finding) -> Diagnostic:
        """Add the position to a finding."""
        at = self.find(finding.path, finding.on_key)
        return Diagnostic(finding.code, file, at.line, at.column, finding.message, finding.hint, at.end)
