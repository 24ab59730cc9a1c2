"""Report contradictions: two places of a document that cannot both be right, and what the importer took."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.importing.schemes import Scheme
from phaseplan.documents.outline.model import Trouble
from phaseplan.plan.lint.codes import CODES, Severity
from phaseplan.plan.lint.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Strict(Diagnostic):
    """Define a diagnostic that counts as an error whatever its code says: `import --strict`."""

    @property
    def severity(self) -> Severity:
        """Return `error`."""
        return "error"

    @property
    def is_error(self) -> bool:
        """Return True."""
        return True


def diagnostics(file: str, troubles: list[Trouble], scheme: Scheme, strict: bool) -> list[Diagnostic]:
    """Make diagnostics of a file from contradictions, in the document's own words."""
    shown = scheme.shown
    kinds = (Strict if strict and CODES[t.code].severity == "warning" else Diagnostic for t in troubles)
    return [
        kind(t.code, file, t.line, 1, shown(t.message), t.hint and shown(t.hint))
        for t, kind in zip(troubles, kinds, strict=True)
    ]


def clash(draft: Draft, code: str, line: int, text: str, other: int, hint: str | None = None) -> Trouble:
    """Return a contradiction with its other place: `phase-05.md:112`."""
    return Trouble(code, line, f"{text} ({place(draft, other)})", hint)


def place(draft: Draft, line: int) -> str:
    """Write a place in the document."""
    return f"{Path(draft.facts.file).name}:{line}"
