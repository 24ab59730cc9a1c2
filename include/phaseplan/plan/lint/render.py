"""Show diagnostics to a reader: a person's terminal, a program (JSON), a pull request (GitHub annotations)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from phaseplan.plan.lint.diagnostics import Diagnostic
from phaseplan.plan.login import masked
from phaseplan.plan.yaml.load import read
from phaseplan.text.clean import clean

_WIDTH = 160


def text(diagnostics: Iterable[Diagnostic], width: int = _WIDTH) -> str:
    """Write `file:line:column: PPnnn message`, the source line, a caret and a hint for each; then a count.

    :param width: characters of a source line that are shown.
    """
    shown = list(diagnostics)
    return "".join(f"{_block(d, width)}\n" for d in shown) + summary(shown) + "\n"


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Count by severity: `2 errors, 1 warning, 3 notes`."""
    counts = [(sum(d.severity == kind for d in diagnostics), kind) for kind in ("error", "warning", "note")]
    return ", ".join(f"{n} {kind}{'' if n == 1 else 's'}" for n, kind in counts)


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Write one JSON object: `version`, `diagnostics`."""
    entries = [
        {"code": d.code, "severity": d.severity, "file": d.file, "line": d.line, "column": d.column, "end": d.end,
         "message": d.message, "hint": d.hint}
        for d in diagnostics
    ]  # fmt: skip
    return json.dumps({"version": 1, "diagnostics": entries}, indent=2)


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """Write workflow commands, one a line; GitHub shows them at the line they are about."""
    return "".join(_annotation(d) + "\n" for d in diagnostics)


def head(d: Diagnostic) -> str:
    """Return the first line of a diagnostic."""
    kind = "" if d.is_error else f"{d.severity}: "
    return f"{clean(d.file)}:{d.line}:{d.column}: {d.code} {kind}{clean(d.message)}"


def _block(d: Diagnostic, width: int) -> str:
    lines = [head(d)]
    source = _line(d.file, d.line)
    if source is not None and source.strip():
        lines += _excerpt(source, d.column, d.end, width)
    if d.hint:
        lines.append(f"  hint: {clean(d.hint)}")
    return "\n".join(lines)


def _excerpt(source: str, column: int, end: int | None, width: int) -> list[str]:
    """Return the source line and the caret under it; of a long line the part around the column."""
    start = max(0, column - 1 - width // 2) if len(source) > width else 0
    part = clean(masked(source).replace("\t", " "))[start : start + width]
    at = column - 1 - start
    length = max(1, min((end or column + 1) - column, len(part) - at))
    return [f"    {part.rstrip()}", f"    {' ' * at}{'^' * length}"]


@lru_cache(maxsize=64)
def _lines(file: str) -> tuple[str, ...]:
    content = read(Path(file))
    return () if isinstance(content, Diagnostic) else tuple(re.split(r"\r\n|[\n\r\x85\u2028\u2029]", content))


def _line(file: str, number: int) -> str | None:
    lines = _lines(file)
    return lines[number - 1] if 0 < number <= len(lines) else None


def _annotation(d: Diagnostic) -> str:
    kind = {"error": "error", "warning": "warning", "note": "notice"}[d.severity]
    hint = f" ({d.hint})" if d.hint else ""
    place = f"file={_property(d.file)},line={d.line},col={d.column}"
    return f"::{kind} {place},title={d.code}::{_data(d.message + hint)}"


def _data(value: str) -> str:
    return clean(value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
