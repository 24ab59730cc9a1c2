"""`docs/security.md` promises nothing without a test: every line names one that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs" / "security.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows() -> list[str]:
    """Return the lines of the page's tables, each about one possible action."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [line for line in lines if not line.startswith(("| who", "| what", "| ---", "|---"))]


def test_there_are_rows() -> None:
    assert len(rows()) > 20


@pytest.mark.parametrize("row", rows())
def test_a_row_names_a_test_that_exists(row: str) -> None:
    named = _NAMED.findall(row)
    assert named, f"no test is named: {row}"
    for file, name in named:
        path = TOP / file
        assert path.is_file(), f"{file} does not exist"
        found = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
        assert not name or name in found, f"{file} has no {name}"
