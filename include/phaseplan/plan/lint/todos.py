"""Report TODO comments of a plan file, which the import leaves where a document lacks a value: PP205.

Only a line that is a comment from its first character on counts, and none inside a text that goes over several lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import yaml

from phaseplan.plan.lint.diagnostics import Diagnostic

_TODO = re.compile(r"^[ \t]*# TODO\b[ :]*(.*)$", re.MULTILINE)
MOST = 200  # of one file; more would not be read at once
SEVERAL = 4  # TODOs about one key are reported together


def todos(file: str, text: str) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each TODO, at most MOST of them."""
    comments = list(_TODO.finditer(text)) if "# TODO" in text else []
    inside = _texts(text) if comments else []
    placed = [(text.count("\n", 0, match.start()) + 1, match) for match in comments[: 50 * MOST]]
    placed = [(line, match) for line, match in placed if not any(first < line <= last for first, last in inside)]
    kinds = Counter(kind for _, match in placed if (kind := _kind(match)))
    shown: set[str] = set()
    for line, match in placed:
        kind = _kind(match)
        several = kinds[kind] >= SEVERAL if kind else False
        if kind in shown or len(shown) >= MOST:
            continue
        shown.add(kind if several else f"{line}")
        what = f"{kinds[kind]} x {kind}, the first of them: " if several else ""
        message = f"still to do: {what}{match[1].strip() or 'something'}"
        hint = "fill them in, by rule with `import --names --agent --max-lines`" if several else "fill it in"
        begin = match[0].index("#") + 1
        yield Diagnostic("PP205", file, line, begin, message, f"{hint}, or delete the comment", len(match[0]) + 1)


def _kind(match: re.Match[str]) -> str:
    """Return the key that a TODO is about; empty if it is about something else."""
    key = re.match(r"(branch|title|lines|owns|done):", match[1])
    return key[1] if key else ""


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
