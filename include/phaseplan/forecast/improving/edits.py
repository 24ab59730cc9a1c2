"""Make small changes of YAML text that leave comments and layout alone.

Positions come from the events that the loader keeps, so what is not changed stays as it was, byte for byte: a round
trip through a YAML library would not (it re-indents, re-quotes, and ties a comment to the item before it). A layout
that an edit does not know is refused; and the caller checks that the new text means what it should.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from phaseplan.plan.yaml.locations import Tree


class Unknown(Exception):
    """Report a layout that is left to a person."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters from `start` up to `end`."""

    start: int
    end: int
    new: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that do not overlap, and return the text."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def begin(tree: Tree) -> int:
    """Return the offset of the first character of a value."""
    event: Any = tree.event
    return int(event.start_mark.index)


def finish(tree: Tree) -> int:
    """Return the offset behind the last character of a value."""
    event: Any = tree.event
    if isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
        end: Any = event.end_mark
        return int(end.index)
    if event.flow_style:
        return int(tree.end.end_mark.index)
    return max((finish(part) for part in parts(tree)), default=begin(tree))


def parts(tree: Tree) -> list[Tree]:
    """Return the values inside a value."""
    if isinstance(tree.parts, dict):
        return [part for _, part in tree.parts.values()]
    return tree.parts or []


def line_start(text: str, at: int) -> int:
    """Return the offset of the first character of a line."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Return the offset behind the newline of a line."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def newline(text: str) -> str:
    """Return the line end that this text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def is_flow(tree: Tree) -> bool:
    """Say whether a list or mapping is written in brackets."""
    return bool(getattr(tree.event, "flow_style", False))


def dash(text: str, item: Tree) -> int:
    """Return the column of the dash of an item that begins on its own line.

    :raises Unknown: other text stands before it.
    """
    start = line_start(text, begin(item))
    before = text[start : begin(item)]
    if re.fullmatch(r" *- +", before) is None:
        raise Unknown("an item that does not begin on a line of its own")
    return before.index("-")


def remove_items(text: str, tree: Tree, indices: Collection[int]) -> list[Edit]:
    """Take items out of a list of scalars; some stay.

    :raises Unknown: comments or line breaks between items in brackets.
    """
    items = parts(tree)
    kept = [items[i] for i in range(len(items)) if i not in indices]
    if not is_flow(tree):
        return [Edit(line_start(text, begin(items[i])), line_end(text, finish(items[i])), "") for i in indices]
    inner = text[begin(items[0]) : finish(items[-1])]
    if "\n" in inner or "#" in inner:
        raise Unknown("a list in brackets over several lines")
    new = ", ".join(text[begin(item) : finish(item)] for item in kept)
    return [Edit(begin(items[0]), finish(items[-1]), new)]


def replace_items(text: str, tree: Tree, values: Sequence[str]) -> list[Edit]:
    """Give a list of scalars other items.

    :raises Unknown: comments between items, or a layout that is neither brackets nor one item a line.
    """
    items = parts(tree)
    inner = text[begin(items[0]) : finish(items[-1])]
    if "#" in inner or (is_flow(tree) and "\n" in inner):
        raise Unknown("a list with comments or over several lines")
    between = ", " if is_flow(tree) else f"{newline(text)}{' ' * dash(text, items[0])}- "
    return [Edit(begin(items[0]), finish(items[-1]), between.join(values))]


def append_item(text: str, tree: Tree, value: str) -> Edit:
    """Add a scalar to a list that is not empty.

    :raises Unknown: an item does not begin on a line of its own.
    """
    items = parts(tree)
    if not items:
        raise Unknown("an empty list")
    last = finish(items[-1])
    if is_flow(tree):
        return Edit(last, last, f", {value}")
    at = line_end(text, last)
    return Edit(at, at, f"{gap(text, at)}{' ' * dash(text, items[-1])}- {value}{newline(text)}")


def add_key(text: str, mapping: Tree, key: str, value: str) -> Edit:
    """Add a short `key: value` to a mapping, behind its last value in brackets, else as its second line.

    :raises Unknown: the mapping is empty, or its first value takes several lines.
    """
    inside: Any = mapping.parts
    if not isinstance(inside, dict) or not inside:
        raise Unknown("an empty mapping")
    if is_flow(mapping):
        last = max(finish(part) for part in parts(mapping))
        return Edit(last, last, f", {key}: {value}")
    event, first = next(iter(inside.values()))
    if not isinstance(first.event, yaml.ScalarEvent) or "\n" in text[begin(first) : finish(first)]:
        raise Unknown("a first value over several lines")
    at = line_end(text, finish(first))
    return Edit(at, at, f"{gap(text, at)}{' ' * event.start_mark.column}{key}: {value}{newline(text)}")


def move_item(text: str, item: Tree, siblings: Tree, target: Tree) -> list[Edit]:
    """Move an item with the comments above it behind the last item of another list, its indentation fitted.

    :raises Unknown: one of the lists is in brackets, or a text block would change with its indentation.
    """
    if is_flow(siblings) or is_flow(target):
        raise Unknown("a list in brackets")
    start, end = _with_comments(text, line_start(text, begin(item))), line_end(text, finish(item))
    last = parts(target)[-1]
    shift = dash(text, last) - dash(text, item)
    lines = text[start:end].splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += newline(text)
    if shift < 0 and any(line.strip() and len(line) - len(line.lstrip(" ")) < -shift for line in lines):
        raise Unknown("a comment further left than its item")
    moved = [line if not line.strip() else " " * shift + line if shift > 0 else line[-shift:] for line in lines]
    at = line_end(text, finish(last))
    return [Edit(start, end, ""), Edit(at, at, gap(text, at) + "".join(moved))]


def quoted(value: str) -> str:
    """Quote a scalar so that it reads back as exactly this text."""
    if re.fullmatch(r"[A-Za-z_/][A-Za-z0-9_./-]*(?:\*[A-Za-z0-9_./-]*)*", value) and not re.fullmatch(
        r"(?i)true|false|yes|no|on|off|null|y|n|~", value
    ):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _with_comments(text: str, start: int) -> int:
    """Return the offset where the comment lines right above a line begin."""
    while start > 0:
        above = line_start(text, start - 1)
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def gap(text: str, at: int) -> str:
    """Return a newline if the file ends without one, else an empty text."""
    return newline(text) if at == len(text) and not text.endswith("\n") else ""
