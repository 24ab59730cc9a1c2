"""Split a document into the lines that readers see."""

from __future__ import annotations

from phaseplan.documents.outline import asides, lines, records
from phaseplan.documents.outline.lines import Document


def document(file: str, text: str) -> Document:
    """Split a text into lines, with what records the past and what shares brackets set apart."""
    doc = lines.document(file, text)
    records.set_apart(doc)
    asides.set_apart(doc)
    return doc
