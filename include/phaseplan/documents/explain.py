"""Explain diagnostics: meaning, reason, an example that produces it, and what to do."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from phaseplan.documents.importing.document import import_file
from phaseplan.plan.lint import examples, render
from phaseplan.plan.lint.codes import CODES
from phaseplan.plan.lint.diagnostics import Diagnostic
from phaseplan.plan.yaml.load import load

WIDTH = 96
GROUPS = {
    "PP1": "the file",
    "PP2": "keys and values",
    "PP3": "names",
    "PP4": "dependencies and waves",
    "PP5": "paths",
    "PP6": "agents and notifiers",
    "PP7": "running",
    "PP8": "the campaign",
    "PP9": "a Markdown document that is imported",
}
_SHOWN = 60  # lines of an example


@dataclass(frozen=True, slots=True)
class Explanation:
    """Hold one code's explanation."""

    code: str
    why: str
    fix: str
    files: tuple[tuple[str, str], ...]  # name and text of the example's plans
    printed: str  # what lint says of them, or import of a document


@cache
def texts() -> dict[str, dict[str, Any]]:
    """Return why and fix by code."""
    return load(Path(__file__).with_name("explanations.yaml")).data or {}


def explain(code: str) -> Explanation:
    """Explain a code of `CODES`."""
    with examples.example(code) as files:
        top = files[0].parent
        printed = render.text(diagnostics_of(files)).replace(f"{top}/", "")
        return Explanation(code, texts()[code]["why"], texts()[code]["fix"], tuple(map(_shown, files)), printed)


def diagnostics_of(files: list[Path]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of an example: of import if it is a document, else of lint."""
    return import_file(files[0]).diagnostics if files[0].suffix == ".md" else examples.lint(files).diagnostics


def _shown(file: Path) -> tuple[str, str]:
    if not file.is_file():
        return file.name, "(there is no such file)\n"
    lines = file.read_text(encoding="utf-8").splitlines()
    if len(lines) > _SHOWN:
        lines = [*lines[:2], f"... and {len(lines) - 2:,} more lines"]
    return file.name, "".join(f"{line}\n" for line in lines)


def text(explanation: Explanation) -> str:
    """Write one explanation for a terminal."""
    code = CODES[explanation.code]
    parts = [
        f"{explanation.code} ({code.severity}): {code.meaning}\n",
        _paragraph("Why", explanation.why),
        _paragraph("Fix", explanation.fix),
    ]
    parts += [f"\n{name}\n{textwrap.indent(content, '    ')}" for name, content in explanation.files]
    verb = "import" if explanation.files[0][0].endswith(".md") else "lint"
    return "".join([*parts, f"\nphaseplan {verb} says\n{textwrap.indent(explanation.printed, '    ')}"])


def _paragraph(title: str, content: str) -> str:
    return "\n" + textwrap.fill(f"{title}: {content}", WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def overview() -> str:
    """List all codes, one a line."""
    out = ""
    for prefix, group in GROUPS.items():
        out += f"{prefix}nn  {group}\n"
        for name, code in sorted(CODES.items()):
            if name.startswith(prefix):
                out += f"  {name}  {code.severity:<8} {code.meaning}\n"
    return out
