"""Define problems of files as data. `render` decides how they look on a screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from phaseplan.plan.lint.codes import CODES, Severity

Path = tuple[str | int, ...]  # where a value is: ("waves", 0, "branches", 2, "id")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem at one place. Lines and columns count from 1; `end` is the column after the last one."""

    code: str
    file: str
    line: int
    column: int
    message: str
    hint: str | None = None
    end: int | None = None

    @property
    def severity(self) -> Severity:
        """Return the severity, which the code decides."""
        return CODES[self.code].severity

    @property
    def is_error(self) -> bool:
        """Say whether the plan cannot be carried out."""
        return self.severity == "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem at a path inside a document; becomes a Diagnostic once its position is looked up."""

    code: str
    path: Path
    message: str
    hint: str | None = None
    on_key: bool = False  # point at the key instead of its value


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by file, line and column, without repetitions."""
    return tuple(sorted(set(diagnostics), key=lambda d: (d.file, d.line, d.column, d.code, d.message)))
