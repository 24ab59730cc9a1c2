"""Report TODO comments of a plan file, which the import leaves where a document lacks a value: PP205.

Only a line that is a comment from its first character on counts, and none inside a text that goes over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from phaseplan.plan.lint.diagnostics import Diagnostic

_TODO = re.compile(r"^[ \t]*# TODO\b[ :]*(.*)$", re.MULTILINE)
MOST = 200  # of one file; more would not be read at once


def todos(file: str, text: str) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each TODO, at most MOST of them."""
    comments = list(_TODO.finditer(text)) if "# TODO" in text else []
    inside = _texts(text) if comments else []
    count = 0
    for match in comments:
        line = text.count("\n", 0, match.start()) + 1
        if count < MOST and not any(first < line <= last for first, last in inside):
            count += 1
            begin = match[0].index("#") + 1
            message = f"still to do: {match[1].strip() or 'something'}"
            yield Diagnostic(
                "PP205", file, line, begin, message, "fill it in, or delete the comment", len(match[0]) + 1
            )


def _texts(text: str) -> list[tuple[int, int]]:
    """Return first and last line of every scalar with several lines."""
    out = []
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            start, end = event.start_mark, event.end_mark
            if isinstance(event, yaml.ScalarEvent) and start and end and end.line > start.line:
                out.append((start.line + 1, end.line + (event.style not in ("|", ">"))))
    except yaml.YAMLError:
        pass  # the loader reports what is wrong with the file
    return out
