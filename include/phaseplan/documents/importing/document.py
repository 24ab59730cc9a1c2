"""Import a Markdown text as a plan file's text, with everything in it that cannot be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from phaseplan.documents.importing.contradictions import disagreements, figures, soundness
from phaseplan.documents.importing.contradictions.trouble import Trouble, diagnostics
from phaseplan.documents.importing.draft import Draft, draft
from phaseplan.documents.importing.reading import read
from phaseplan.documents.importing.writer import write
from phaseplan.plan.lint.diagnostics import Diagnostic, in_order
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.yaml.load import decode
from phaseplan.plan.yaml.load import read as read_file

MOST_LINES = 20_000  # a document of a thousand branches has fewer
MOST_CHARACTERS = 1 << 20  # 70 times the founding document


@dataclass(frozen=True)
class Imported:
    """Hold the result: `text` is the plan file, None if there is none; `diagnostics` in order."""

    text: str | None
    draft: Draft | None
    diagnostics: tuple[Diagnostic, ...]


def import_file(path: Path, strict: bool = False, others: Iterable[tuple[Path, PhasePlan]] = ()) -> Imported:
    """Import a Markdown document.

    :param strict: contradictions are errors.
    :param others: plans of other phases to compare with.
    """
    text = read_file(path)
    if isinstance(text, Diagnostic):
        return Imported(None, None, (text,))
    return import_text(str(path), text, strict, others)


def import_bytes(file: str, raw: bytes) -> Imported:
    """Import bytes that are not in a file."""
    text = decode(file, raw)
    return Imported(None, None, (text,)) if isinstance(text, Diagnostic) else import_text(file, text)


def import_text(file: str, text: str, strict: bool = False, others: Iterable[tuple[Path, PhasePlan]] = ()) -> Imported:
    """Import a text."""
    if text.count("\n") > MOST_LINES or len(text) > MOST_CHARACTERS:
        message = f"more than {MOST_LINES} lines or {MOST_CHARACTERS >> 20} MiB; a plan is never that long"
        return Imported(None, None, (Diagnostic("PP103", file, 1, 1, message),))
    plan_draft = draft(read(file, text))
    if not plan_draft.branches:
        hint = (
            "branches are found in tables with a Branch column, graphs, lists with ids, and wt-create "
            "or git checkout -b"
        )
        return Imported(
            None, plan_draft, (Diagnostic("PP915", file, 1, 1, "no branch can be found in this document", hint),)
        )
    troubles: list[Trouble] = [
        *disagreements.find(plan_draft),
        *figures.find(plan_draft),
        *soundness.find(plan_draft, others),
    ]
    return Imported(
        write(plan_draft), plan_draft, in_order(diagnostics(file, troubles, plan_draft.facts.scheme, strict))
    )
