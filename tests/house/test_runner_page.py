"""The page of what a runner has to do names functions and tests that are there."""

from __future__ import annotations

import importlib
import re

from tests.house.sources import TOP

PAGE = (TOP / "docs/design/runner.md").read_text()
ROWS = re.findall(r"^\| [a-z].*$", PAGE, re.MULTILINE)


def test_every_operation_names_code_and_a_test() -> None:
    assert len(ROWS) > 10
    for row in ROWS[1:]:
        _, _, code, _, tests, _ = row.split("|")
        assert re.search(r"`[\w.]+`", code) and "`tests/" in tests, row


def test_every_function_it_names_is_there() -> None:
    for name in re.findall(r"`((?:containers|gates|airflow)\.[\w.]+)`", PAGE):
        assert callable(_found(name)), name


def _found(name: str) -> object:
    """Import what a dotted name means: its longest part that is a module, then attributes of that."""
    parts = name.split(".")
    files = [TOP.joinpath("include/phaseplan", *parts[:count]).with_suffix(".py") for count in range(len(parts) + 1)]
    depth = max(count for count, file in enumerate(files) if count and file.is_file())
    found: object = importlib.import_module(".".join(("phaseplan", *parts[:depth])))
    for part in parts[depth:]:
        found = getattr(found, part)
    return found


def test_every_test_it_names_is_there() -> None:
    assert [name for name in re.findall(r"`(tests/[\w/.]+)`", PAGE) if not (TOP / name).is_file()] == []
