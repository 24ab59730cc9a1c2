"""Report contradictions: two places of a document that cannot both be right, and what the importer took."""

from __future__ import annotations

from pathlib import Path

from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.outline.model import Trouble


def clash(draft: Draft, code: str, line: int, text: str, other: int, hint: str | None = None) -> Trouble:
    """Return a contradiction with its other place: `phase-05.md:112`."""
    return Trouble(code, line, f"{text} ({place(draft, other)})", hint)


def place(draft: Draft, line: int) -> str:
    """Write a place in the document."""
    return f"{Path(draft.facts.file).name}:{line}"
