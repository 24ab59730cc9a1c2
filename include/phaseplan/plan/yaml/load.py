"""Load a file as plain data with positions: for any content the result is a value or diagnostics."""

from __future__ import annotations

import gc
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phaseplan.plan.lint.diagnostics import Diagnostic
from phaseplan.plan.yaml.scalars import CONTROL

if TYPE_CHECKING:
    from phaseplan.plan.yaml.locations import Locations

MAX_BYTES = 4 << 20


@dataclass(frozen=True)
class Source:
    """Hold one file as read: `data` is a mapping, or None where `diagnostics` says why; `text` if it is text."""

    file: str
    data: dict[str, Any] | None
    locations: Locations
    diagnostics: tuple[Diagnostic, ...]
    text: str = ""


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection: a large plan makes 100,000 objects that all stay."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def load(path: Path) -> Source:
    """Read one YAML file whose top is a mapping."""
    text = read(path)
    return _refused(text) if isinstance(text, Diagnostic) else parse(str(path), text)


def read(path: Path) -> str | Diagnostic:
    """Return the text of a file, or a diagnostic."""
    file = str(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a FIFO would wait for ever
            return Diagnostic("PP101", file, 1, 1, "cannot read this: not a regular file")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Diagnostic("PP101", file, 1, 1, f"cannot read this file: {reason}")
    return decode(file, raw)


def decode(file: str, raw: bytes) -> str | Diagnostic:
    """Return bytes as text, or a diagnostic."""
    if len(raw) > MAX_BYTES:
        return Diagnostic("PP103", file, 1, 1, f"larger than {MAX_BYTES >> 20} MiB; a plan is never that large")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Diagnostic("PP104", file, line, 1, f"not UTF-8 text: byte 0x{raw[error.start]:02x}", "save it as UTF-8")
    if (control := CONTROL.search(text)) is not None:
        line, column = text.count("\n", 0, control.start()) + 1, control.start() - text.rfind("\n", 0, control.start())
        return Diagnostic("PP104", file, line, column, f"not text: control character U+{ord(control[0]):04X}")
    return text


def parse(file: str, text: str) -> Source:
    """Parse YAML text; problems of the text are diagnostics."""
    from phaseplan.plan.yaml.locations import Locations  # with PyYAML, which an import of plain Markdown never needs
    from phaseplan.plan.yaml.parse import Document

    with gc_paused():
        document = Document(text)
    diagnostics = [Diagnostic(p.code, file, p.spot.line, p.spot.column, p.message, p.hint, p.spot.end)
             for p in document.problems]  # fmt: skip
    locations = Locations(document.tree)
    if document.value is None and not diagnostics:
        diagnostics.append(
            Diagnostic("PP102", file, 1, 1, "the file is empty", "a plan begins with `phase:`, `title:` and `waves:`")
        )
    if not isinstance(document.value, dict):
        if not diagnostics:
            at = locations.find(())
            message = "the top of the file must be a mapping (`key: value` lines)"
            diagnostics.append(Diagnostic("PP109", file, at.line, at.column, message, None, at.end))
        return Source(file, None, locations, tuple(diagnostics), text)
    return Source(file, document.value, locations, tuple(diagnostics), text)


def _refused(diagnostic: Diagnostic) -> Source:
    from phaseplan.plan.yaml.locations import Locations

    return Source(diagnostic.file, None, Locations(None), (diagnostic,))
