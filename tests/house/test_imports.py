"""Imports point one way: each room may know the rooms below it, and nothing above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.rooms import HEIGHT, ROOMS, circles, graph, room_of, room_of_module
from tests.house.sources import TOP, files, imports, place, tree

_CODE = "include/phaseplan"
_PURE = {"airflow", "git", "docker", "aiodocker", "subprocess"}

#: What a room must not know at all, besides the rooms above it.
FORBIDDEN = {
    "errors": _PURE,
    "text": _PURE,
    "plan": _PURE,
    "forecast": _PURE,
    "documents": _PURE,
    **{room: {"airflow"} for room in ROOMS[ROOMS.index("config") : ROOMS.index("airflow")]},
}
#: The DAG factory does no I/O: parsing a DAG file must be cheap and wait for nothing.
FACTORY, FACTORY_FORBIDDEN = (
    "include/phaseplan/airflow/compile/",
    {"git", "docker", "aiodocker", "subprocess", "socket"},
)
#: What a room may use only inside a function: the command line answers in milliseconds without them.
LATE = {"cli": {"airflow"}}


def upward(path: Path, module: ast.Module) -> list[str]:
    """Imports of a file that point from a lower room to a higher one."""
    own = room_of(path)
    if own is None:
        return []
    found = ((name, line, room_of_module(name)) for name, line in imports(module))
    return [
        f"{place(path, line)}: {own} must not import {name}"
        for name, line, other in found
        if other and HEIGHT[other] > HEIGHT[own]
    ]


def forbidden(path: Path, module: ast.Module) -> list[str]:
    """Imports of a file that its room must not know."""
    own = room_of(path) or ""
    barred = FORBIDDEN.get(own, set())
    if str(path.relative_to(TOP)).startswith(FACTORY):
        barred = FACTORY_FORBIDDEN
    anywhere = {(n, line) for n, line in imports(module) if n.split(".")[0] in barred}
    at_once = {(n, line) for n, line in imports(module, functions=False) if n.split(".")[0] in LATE.get(own, ())}
    return [f"{place(path, line)}: {own} must not import {name}" for name, line in sorted(anywhere | at_once)]


@pytest.mark.parametrize("rule", [upward, forbidden])
def test_imports_point_one_way(rule) -> None:
    modules = files(_CODE, "dags", "plugins")
    assert modules, "no source found: the test looks in the wrong place"
    assert [said for path in modules for said in rule(path, tree(path))] == []


@pytest.mark.parametrize(
    ("file", "line", "caught"),
    [
        (f"{_CODE}/plan/x.py", "from phaseplan.repository import repo", True),
        (f"{_CODE}/plan/x.py", "def f():\n    import airflow.sdk", True),
        (f"{_CODE}/plan/x.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import docker", True),
        (f"{_CODE}/plan/x.py", "from phaseplan.errors import Bug", False),
        (f"{_CODE}/ledger/x.py", "from airflow.sdk import DAG", True),
        (f"{_CODE}/ledger/x.py", "import git\nfrom phaseplan.plan.model import PhasePlan", False),
        (f"{_CODE}/ledger/x.py", "from phaseplan import wave", True),
        (f"{_CODE}/attempt/x.py", "from phaseplan.wave import context", True),
        (f"{_CODE}/airflow/compile/x.py", "import docker", True),
        (f"{_CODE}/airflow/operators/x.py", "import docker", False),
        (f"{_CODE}/cli/lint.py", "import airflow", True),
        (f"{_CODE}/cli/lint.py", "def f():\n    import airflow", False),
        (f"{_CODE}/airflow/operators/x.py", "from dags import phases", True),
        ("dags/phases.py", "from phaseplan.airflow.compile import dag", False),
    ],
)
def test_the_rules_catch(file: str, line: str, caught: bool) -> None:
    module = ast.parse(line)
    assert bool(upward(TOP / file, module) + forbidden(TOP / file, module)) is caught


def test_every_part_has_a_place() -> None:
    packages = {p.name for p in (TOP / _CODE).iterdir() if (p / "__init__.py").is_file()}
    assert packages | {"errors"} == set(ROOMS), "give the new package its place in ROOMS"


def test_every_room_says_what_it_is_what_it_must_not_know_and_where_to_begin() -> None:
    """Three lines of docstring at least, in the package's own `__init__.py`."""
    texts = {r: ast.get_docstring(tree(TOP / _CODE / r / "__init__.py")) or "" for r in ROOMS if r != "errors"}
    short = [r for r, text in texts.items() if len(text.splitlines()) < 3 or "Begin with `" not in text]
    assert short == []


def test_where_to_begin_exists() -> None:
    for room in (r for r in ROOMS if r != "errors"):
        text = ast.get_docstring(tree(TOP / _CODE / room / "__init__.py")) or ""
        for name in text.partition("Begin with ")[2].split("`")[1:2]:
            base = (TOP / _CODE / room).joinpath(*name.split("."))
            assert base.with_suffix(".py").is_file() or base.is_dir(), f"{room}: {name}"


def test_relative_imports_are_absent() -> None:
    froms = ((p, node) for p in files() for node in ast.walk(tree(p)) if isinstance(node, ast.ImportFrom))
    assert [place(path, node.lineno) for path, node in froms if node.level] == []


def test_no_circle_of_modules_exists() -> None:
    """Imports inside functions and for types count as well."""
    assert circles(graph(TOP / _CODE)) == []


def test_there_is_one_way_into_git() -> None:
    """A second one has other options: `core.hooksPath` and the transports were left out in one."""
    known = [
        path for path in files("include", "dags", "plugins") if any(name == "git" for name, _ in imports(tree(path)))
    ]
    assert [path.name for path in known] == ["repo.py"]
    assert known[0].read_text().count("._git.execute(") == known[0].read_text().count("git.Git(") == 1
