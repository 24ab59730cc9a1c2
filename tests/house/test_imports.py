"""Imports point one way: cli, dags, plugins -> operators, sensors, triggers, compile -> runtime -> plan."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.sources import TOP, files, imports, place, tree

LAYERS = (
    {"errors"},
    {"text"},
    {"plan"},
    {"runtime"},
    {"compile", "operators", "sensors", "triggers"},
    {"cli", "dags", "plugins"},
)
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}

#: What a part must not know at all.
FORBIDDEN = {
    "errors": {"airflow", "git", "docker", "aiodocker"},
    "text": {"airflow", "git", "docker", "aiodocker", "subprocess"},
    "plan": {"airflow", "git", "docker", "aiodocker", "subprocess"},
    "runtime": {"airflow"},
    "compile": {"git", "docker", "aiodocker", "subprocess", "socket"},
}
#: What a part may use only inside a function: the command line answers in milliseconds without them.
LATE = {"cli": {"airflow"}}


def part_of(path: Path) -> str | None:
    """The part of the house a file belongs to; None for a package's own __init__.py."""
    parts = path.relative_to(TOP).with_suffix("").parts
    return _part(parts)


def _part(names: tuple[str, ...]) -> str | None:
    if names[:2] == ("include", "phaseplan"):
        return names[2] if len(names) > 2 and names[2] in HEIGHT else None
    return names[0] if names[0] in HEIGHT else None


def upward(path: Path, module: ast.Module) -> list[str]:
    """Imports of a file that point from a lower part to a higher one."""
    own = part_of(path)
    if own is None:
        return []
    found = ((name, line, _part(tuple(name.split(".")))) for name, line in imports(module))
    return [
        f"{place(path, line)}: {own} must not import {name}"
        for name, line, other in found
        if other and HEIGHT[other] > HEIGHT[own]
    ]


def forbidden(path: Path, module: ast.Module) -> list[str]:
    """Imports of a file that its part must not know."""
    own = part_of(path) or ""
    anywhere = {(n, line) for n, line in imports(module) if n.split(".")[0] in FORBIDDEN.get(own, ())}
    at_once = {(n, line) for n, line in imports(module, functions=False) if n.split(".")[0] in LATE.get(own, ())}
    return [f"{place(path, line)}: {own} must not import {name}" for name, line in sorted(anywhere | at_once)]


@pytest.mark.parametrize("rule", [upward, forbidden])
def test_imports_point_one_way(rule) -> None:
    modules = files("include/phaseplan", "dags", "plugins")
    assert modules, "no source found: the test looks in the wrong place"
    assert [said for path in modules for said in rule(path, tree(path))] == []


@pytest.mark.parametrize(
    ("file", "line", "caught"),
    [
        ("include/phaseplan/plan/x.py", "from include.phaseplan.runtime import git", True),
        ("include/phaseplan/plan/x.py", "def f():\n    import airflow.sdk", True),
        ("include/phaseplan/plan/x.py", "from include.phaseplan.errors import Bug", False),
        ("include/phaseplan/runtime/x.py", "from airflow.sdk import DAG", True),
        ("include/phaseplan/runtime/x.py", "import git\nfrom include.phaseplan.plan.model import PhasePlan", False),
        ("include/phaseplan/runtime/x.py", "from include.phaseplan import operators", True),
        ("include/phaseplan/compile/x.py", "import docker", True),
        ("include/phaseplan/cli/lint.py", "import airflow", True),
        ("include/phaseplan/cli/lint.py", "def f():\n    import airflow", False),
        ("include/phaseplan/operators/x.py", "from dags import phases", True),
        ("dags/phases.py", "from include.phaseplan.compile import dag", False),
    ],
)
def test_the_rules_catch(file: str, line: str, caught: bool) -> None:
    module = ast.parse(line)
    assert bool(upward(TOP / file, module) + forbidden(TOP / file, module)) is caught


def test_every_part_has_a_place() -> None:
    packages = {p.name for p in (TOP / "include/phaseplan").iterdir() if (p / "__init__.py").is_file()}
    assert packages <= HEIGHT.keys(), "give the new package its place in LAYERS"


def test_relative_imports_are_absent() -> None:
    froms = ((p, node) for p in files() for node in ast.walk(tree(p)) if isinstance(node, ast.ImportFrom))
    assert [place(path, node.lineno) for path, node in froms if node.level] == []
