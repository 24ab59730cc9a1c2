"""The project's own Python files, as the rules of the house see them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
_FOLDERS = ("include", "dags", "plugins", "provision", "samples", "bench", "tests")


def files(*folders: str) -> list[Path]:
    """List every Python file below these folders (default: all of ours), except sample repositories' own."""
    found = (path for folder in folders or _FOLDERS for path in sorted((TOP / folder).rglob("*.py")))
    return [path for path in found if not _of_sample_repository(path.relative_to(TOP).parts)]


def _of_sample_repository(parts: tuple[str, ...]) -> bool:
    return parts[0] != "include" and "repository" in parts


def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text(), filename=str(path))


def imports(node: ast.AST, functions: bool = True) -> Iterator[tuple[str, int]]:
    """Yield every module imported below a node, with its line.

    :param functions: look into functions too; without, only what an import of the file itself runs.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((f"{child.module}.{alias.name}", child.lineno) for alias in child.names)
        elif functions or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(child, functions)


def place(path: Path, line: int) -> str:
    """`file:line`, for a message."""
    return f"{path.relative_to(TOP)}:{line}"
