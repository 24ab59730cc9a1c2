"""Files and functions stay small enough to be read at one go."""

from __future__ import annotations

import ast

from tests.house.sources import files, place, tree

MAX_FILE = 400  # lines
MAX_FUNCTION = 50


def test_no_file_is_too_long() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in files()}
    assert [place(path, size) for path, size in sizes.items() if size > MAX_FILE] == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name}: {length} lines"
        for path in files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    modules = [path for path in files("include", "dags", "plugins", "provision") if path.name != "__init__.py"]
    assert [place(path, 1) for path in modules if not ast.get_docstring(tree(path))] == []
