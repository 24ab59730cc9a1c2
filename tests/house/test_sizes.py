"""Files and functions stay small enough to be read at one go."""

from __future__ import annotations

import ast
import re
import statistics

from tests.house.sources import files, place, tree

MAX_FILE = 300  # lines
MEDIAN_FILE = 100
MAX_FUNCTION = 45
MAX_IGNORES = 4  # of the type checker in what ships, each with its reason on the line
#: Tables of what the sample agents write, which read best in one piece.
DATA = "samples/kcp-lite/agent"


def test_no_file_is_too_long() -> None:
    own = [path for path in files() if DATA not in str(path)]
    sizes = {path: len(path.read_text().splitlines()) for path in own}
    assert statistics.median(sizes.values()) <= MEDIAN_FILE
    assert [place(path, size) for path, size in sizes.items() if size > MAX_FILE] == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name}: {length} lines"
        for path in files()
        if DATA not in str(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    modules = [path for path in files("include", "dags", "plugins", "provision") if path.name != "__init__.py"]
    assert [place(path, 1) for path in modules if not ast.get_docstring(tree(path))] == []


def test_the_type_checker_is_silenced_at_four_places_at_most_and_each_says_why() -> None:
    lines = [
        (place(path, number), line)
        for path in files("include", "dags", "plugins", "provision")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "type: ignore" in line
    ]
    assert len(lines) <= MAX_IGNORES
    assert [where for where, line in lines if not re.search(r"type: ignore\[[\w-]+\]  # \w", line)] == []
