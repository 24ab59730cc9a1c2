"""Make `docs/field.md` from the gallery's own words: `python -m tests.field.page > docs/field.md`."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_SHAPE = re.compile(r"Line (?P<line>\d+): (?P<title>.+?)\n\nWas: (?P<was>.+?)\nRight: (?P<right>.+)", re.DOTALL)
_HEAD = """\
# What the field broke

What strangers' repositories, agents and machines once made go wrong here. Every case is a module of `tests/field/`
whose tests failed before the mend; `.venv/bin/python -m pytest tests/field/test_NN_*` shows that it holds. This page is
made from their first lines by `python -m tests.field.page`, and a test holds it to them.
"""


@dataclass(frozen=True)
class Case:
    """One module of the gallery in its own words."""

    file: str
    line: int
    title: str
    was: str
    right: str


def cases() -> list[Case]:
    """Read every module of the gallery, by number.

    :raises ValueError: the first lines of one do not have the shape.
    """
    return sorted((_case(path) for path in HERE.glob("test_[0-9][0-9]_*.py")), key=lambda case: (case.line, case.file))


def _case(path: Path) -> Case:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    match = _SHAPE.fullmatch(text.strip())
    if match is None or int(match["line"]) != int(path.name[5:7]):
        raise ValueError(f"{path.name}: begin with `Line {path.name[5:7]}: title.`, then `Was: ...` and `Right: ...`")
    return Case(path.name, int(match["line"]), *(_sentence(match[key]) for key in ("title", "was", "right")))


def _sentence(text: str) -> str:
    plain = " ".join(text.split())
    return plain[:1].upper() + plain[1:]


def markdown() -> str:
    """Write the page."""
    parts = [_HEAD]
    for case in cases():
        parts.append(f"## {case.line}. {case.title.rstrip('.')}\n")
        parts.append(f"- **Was**: {case.was}\n- **Right**: {case.right}\n- **Test**: `tests/field/{case.file}`\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(markdown())
