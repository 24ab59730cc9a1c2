"""Import documents as plan files' texts, with everything in them that cannot be right or was not used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.documents.outline import folder, plans, reading
from phaseplan.documents.outline.findings import unused
from phaseplan.documents.outline.headings import GROUPS, numbered
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import Outline, Trouble
from phaseplan.documents.outline.prepared import document
from phaseplan.documents.outline.readers import titles
from phaseplan.plan.lint.codes import CODES, Severity
from phaseplan.plan.lint.diagnostics import Diagnostic, in_order
from phaseplan.plan.yaml.load import decode
from phaseplan.plan.yaml.load import read as read_file

if TYPE_CHECKING:
    from phaseplan.documents.importing.contradictions.soundness import Others

MOST_LINES = 20_000  # a document of a thousand branches has fewer
MOST_CHARACTERS = 1 << 20  # 70 times the founding document


@dataclass(frozen=True)
class Imported:
    """Hold the result: `texts` are the plan files, one for each phase; `diagnostics` in order.

    `used` of `rows` lines that look like units of work or dependencies are in the plans.
    """

    texts: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    used: int = 0
    rows: int = 0

    @property
    def text(self) -> str | None:
        """Return the first plan; None if there is none."""
        return self.texts[0] if self.texts else None


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


def import_file(path: Path, strict: bool = False, others: Others = ()) -> Imported:
    """Import a document, or a folder of documents as one campaign.

    :param strict: contradictions and lines that were not used are errors.
    :param others: plans of other phases to compare with.
    """
    if path.is_dir():
        return _import_folder(path, strict)
    text = read_file(path)
    if isinstance(text, Diagnostic):
        return Imported((), (text,))
    return import_text(str(path), text, strict, others)


def import_bytes(file: str, raw: bytes) -> Imported:
    """Import bytes that are not in a file."""
    text = decode(file, raw)
    return Imported((), (text,)) if isinstance(text, Diagnostic) else import_text(file, text)


def import_text(file: str, text: str, strict: bool = False, others: Others = ()) -> Imported:
    """Import a text."""
    if (refused := too_long(file, text)) is not None:
        return Imported((), (refused,))
    doc = document(file, text)
    outline = reading.read(doc)
    if outline is None and reading.is_known_family(doc):
        from phaseplan.documents.importing import places  # only such a plan needs its many patterns

        if (plan := places.read(doc, others)) is not None:
            found = diagnostics(
                file,
                [replace(t, message=plan.shown(t.message), hint=t.hint and plan.shown(t.hint)) for t in plan.troubles],
                strict,
            )
            return Imported((plan.text,), in_order(found), plan.used, plan.rows)
    outline = outline or reading.read(doc, whole=False)
    return Imported((), (_nothing(doc),)) if outline is None else finished(doc, outline, strict)


def too_long(file: str, text: str) -> Diagnostic | None:
    """Return why a text is refused; None if it is not."""
    if text.count("\n") <= MOST_LINES and len(text) <= MOST_CHARACTERS:
        return None
    message = f"more than {MOST_LINES} lines or {MOST_CHARACTERS >> 20} MiB; a plan is never that long"
    return Diagnostic("PP103", file, 1, 1, message)


def finished(doc: Document, outline: Outline, strict: bool) -> Imported:
    """Write the plans of an outline."""
    lost, used, rows = unused.report(doc, outline)
    found = in_order(diagnostics(doc.file, [*outline.troubles, *lost], strict))
    return Imported(tuple(plans.plans(doc.file, outline)), found, used=used, rows=rows)


def units_of(doc: Document) -> Outline | None:
    """Return what the readers find in a document: at least its units with their lines and needs."""
    outline = reading.read(doc)
    if outline is None and reading.is_known_family(doc):
        from phaseplan.documents.importing import places

        outline = places.units(doc)
    return outline or reading.read(doc, whole=False)


def diagnostics(file: str, troubles: list[Trouble], strict: bool) -> list[Diagnostic]:
    """Make diagnostics of a file from what is to be reported."""
    kinds = (Strict if strict and CODES[t.code].severity == "warning" else Diagnostic for t in troubles)
    return [kind(t.code, file, t.line, 1, t.message, t.hint) for t, kind in zip(troubles, kinds, strict=True)]


def _nothing(doc: Document) -> Diagnostic:
    """Return why a document makes no plan: it only names phases, or nothing in it is known."""
    for line in (*doc.headings, *doc.items):
        head = numbered(line.text) if line.kind == "item" or line.level > 1 else None
        if head is not None and head.word in GROUPS:
            message = f"this document names its {head.word}s, {head.shown} first, and no units of work in them"
            hint = "write tasks below each, such as `- [ ] 1.1 Make the store`, or import the documents that have them"
            return Diagnostic("PP915", doc.file, line.number, 1, message, hint)
    if (line_number := titles.first(doc)) is not None:
        message = "this document numbers its titles, here the first, and nothing says that they are units of work"
        hint = "write `### Task 1: Make the store`, or below each a line such as `Depends on: 1` or `Files: store.py`"
        return Diagnostic("PP915", doc.file, line_number, 1, message, hint)
    hint = (
        "branches are found in tables with an id or a branch column, headings and checkboxes with numbers or ids, "
        "graphs, and git worktree add; docs/import.md lists the formats"
    )
    return Diagnostic("PP915", doc.file, 1, 1, "no branch can be found in this document", hint)


def _import_folder(path: Path, strict: bool) -> Imported:
    """Import every document of a folder; files of one unit each are put together by phase."""
    texts: list[str] = []
    found: list[Diagnostic] = []
    used = rows = 0
    docs: list[Document] = []
    for file in folder.files(path):
        text = read_file(file)
        refused = text if isinstance(text, Diagnostic) else too_long(str(file), text)
        if refused is not None or isinstance(text, Diagnostic):
            found += [refused] if refused is not None else []
        else:
            docs.append(document(str(file), text))
    joined, alone = folder.joined(path, docs)
    if joined is not None:
        texts += plans.plans(str(path), joined.outline)
        found += [d for file, t in joined.troubles for d in diagnostics(file, [t], strict)]
        used, rows = joined.rows, joined.rows
    for doc in alone:
        outline = reading.read(doc)
        if outline is not None:
            one = finished(doc, outline, strict)
            texts += one.texts
            found += one.diagnostics
            used, rows = used + one.used, rows + one.rows
        else:
            found.append(
                Diagnostic("PP916", doc.file, 1, 1, "this file of the folder is no plan that can be read: not used")
            )
    if not texts:
        found.append(Diagnostic("PP915", str(path), 1, 1, "no branch can be found in the documents of this folder"))
    return Imported(tuple(texts), in_order(found), used=used, rows=rows)
