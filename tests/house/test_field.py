"""The gallery says what it holds, and `docs/field.md` says the same."""

from __future__ import annotations

from pathlib import Path

from tests.field.page import cases, markdown

TOP = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_gallery_says() -> None:
    said = "run `.venv/bin/python -m tests.field.page > docs/field.md`"
    assert (TOP / "docs" / "field.md").read_text(encoding="utf-8") == markdown(), said


def test_a_line_has_one_module() -> None:
    lines = [case.line for case in cases()]
    assert lines == sorted(set(lines))
