"""What a diagnostic means to who got one: meaning, reason, an example that produces it, and what to do."""

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
    """One code, explained."""

    code: str
    why: str
    fix: str
    files: tuple[tuple[str, str], ...]  # name and text of the example's plans
    printed: str  # what lint says of them, or import of a document


@cache
def words() -> dict[str, dict[str, Any]]:
    """Why and fix by code."""
    return load(Path(__file__).with_name("explanations.yaml")).data or {}


def explain(code: str) -> Explanation:
    """Everything there is to say of a code of `CODES`."""
    with examples.example(code) as files:
        top = files[0].parent
        said = render.text(found(files)).replace(f"{top}/", "")
        return Explanation(code, words()[code]["why"], words()[code]["fix"], tuple(map(_shown, files)), said)


def found(files: list[Path]) -> tuple[Diagnostic, ...]:
    """What import says of an example that is a document, and lint of any other."""
    return import_file(files[0]).diagnostics if files[0].suffix == ".md" else examples.lint(files).diagnostics


def _shown(file: Path) -> tuple[str, str]:
    if not file.is_file():
        return file.name, "(there is no such file)\n"
    lines = file.read_text(encoding="utf-8").splitlines()
    if len(lines) > _SHOWN:
        lines = [*lines[:2], f"... and {len(lines) - 2:,} more lines"]
    return file.name, "".join(f"{line}\n" for line in lines)


def text(told: Explanation) -> str:
    """One explanation as a terminal shows it."""
    code = CODES[told.code]
    parts = [
        f"{told.code} ({code.severity}): {code.meaning}\n",
        _paragraph("Why", told.why),
        _paragraph("Fix", told.fix),
    ]
    parts += [f"\n{name}\n{textwrap.indent(content, '    ')}" for name, content in told.files]
    verb = "import" if told.files[0][0].endswith(".md") else "lint"
    return "".join([*parts, f"\nphaseplan {verb} says\n{textwrap.indent(told.printed, '    ')}"])


def _paragraph(title: str, said: str) -> str:
    return "\n" + textwrap.fill(f"{title}: {said}", WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def overview() -> str:
    """All codes, one a line."""
    out = ""
    for prefix, group in GROUPS.items():
        out += f"{prefix}nn  {group}\n"
        for name, code in sorted(CODES.items()):
            if name.startswith(prefix):
                out += f"  {name}  {code.severity:<8} {code.meaning}\n"
    return out
