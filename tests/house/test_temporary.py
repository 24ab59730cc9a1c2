"""A worker that is killed leaves nothing behind for ever: its named temporary files are where the next one sweeps."""

from __future__ import annotations

import ast

from tests.house.sources import files, place, tree

NAMED = {"TemporaryDirectory", "NamedTemporaryFile", "mkdtemp", "mkstemp"}  # a TemporaryFile has no name to be left


def test_named_temporary_files_of_the_runtime_are_in_a_place_that_is_swept() -> None:
    rooms = ("repository", "ledger", "containers", "gates", "merging", "attempt", "wave", "phase", "report", "airflow")
    sources = files(*(f"include/phaseplan/{room}" for room in rooms))
    calls = [
        (path, node)
        for path in sources
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NAMED
    ]
    assert calls, "no call found: the test looks in the wrong place"
    loose = [place(path, node.lineno) for path, node in calls if "dir" not in {word.arg for word in node.keywords}]
    assert loose == [], "give dir=repo.path: private repositories of dead processes are removed"
