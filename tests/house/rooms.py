"""The rooms of the package and what they import, as numbers.

python -m tests.house.rooms [FOLDER]    FOLDER: a checkout to measure instead of this one
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

from tests.house.sources import TOP, imports

#: From the lowest to the highest. A room may import the ones before it.
ROOMS = (
    "errors",
    "text",
    "plan",
    "forecast",
    "documents",
    "config",
    "repository",
    "ledger",
    "containers",
    "gates",
    "merging",
    "attempt",
    "wave",
    "phase",
    "delivery",
    "report",
    "airflow",
    "cli",
)
HEIGHT = {room: height for height, room in enumerate(ROOMS)} | {"dags": len(ROOMS), "plugins": len(ROOMS)}
_PREFIXES = ("phaseplan.", "include.phaseplan.")  # the second: before the package had a name of its own


def room_of(path: Path) -> str | None:
    """Return the room of a file; None for the package's own `__init__.py`."""
    parts = path.relative_to(TOP).with_suffix("").parts
    name = parts[2] if parts[:2] == ("include", "phaseplan") and len(parts) > 2 else parts[0]
    return name if name in HEIGHT else None


def room_of_module(name: str) -> str | None:
    """Return the room of a dotted module name; None if it is not ours."""
    words = name.split(".")
    own = (
        words[1] if words[0] == "phaseplan" and len(words) > 1 else words[0] if words[0] in ("dags", "plugins") else ""
    )
    return own if own in HEIGHT else None


def graph(package: Path) -> dict[str, set[str]]:
    """Which module of a package imports which others of it, by dotted name below the package."""
    paths = {_name(package, path): path for path in package.rglob("*.py")}
    return {name: _known(path, paths) - {name} for name, path in paths.items()}


def _known(path: Path, paths: dict[str, Path]) -> set[str]:
    found = set()
    for full, _ in imports(ast.parse(path.read_text())):
        prefix = next((p for p in _PREFIXES if full.startswith(p)), None)
        name = full.removeprefix(prefix) if prefix else ""
        found |= {n for n in (name, name.rpartition(".")[0]) if n in paths and n}
    return found


def _name(package: Path, path: Path) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def between(modules: dict[str, set[str]]) -> dict[str, set[str]]:
    """Reduce the graph to first-level packages, which are the rooms."""
    rooms: dict[str, set[str]] = defaultdict(set)
    for name, known in modules.items():
        rooms[name.split(".")[0]] |= {other.split(".")[0] for other in known} - {name.split(".")[0]}
    return {room: known for room, known in rooms.items() if room}


def circles(arrows: dict[str, set[str]]) -> list[frozenset[str]]:
    """Groups of nodes that can all reach each other."""
    reach = {node: _reached(arrows, node) for node in arrows}
    groups = {frozenset({a, *(b for b in reach[a] if a in reach.get(b, ()))}) for a in arrows}
    return sorted((g for g in groups if len(g) > 1), key=sorted)


def _reached(arrows: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        new = arrows.get(ahead.pop(), set()) - seen
        seen |= new
        ahead += new
    return seen


def longest(arrows: dict[str, set[str]]) -> int:
    """Nodes on the longest chain of imports; 0 where there is a circle."""
    if circles(arrows):
        return 0
    depth: dict[str, int] = {}

    def of(node: str) -> int:
        if node not in depth:
            depth[node] = 1 + max((of(other) for other in arrows.get(node, ())), default=0)
        return depth[node]

    return max(map(of, arrows))


def numbers(top: Path) -> dict[str, int]:
    """Compute the table of docs/architecture.md."""
    modules = graph(top / "include/phaseplan")
    rooms = between(modules)
    sizes = sorted(len(p.read_text().splitlines()) for p in (top / "include/phaseplan").rglob("*.py"))
    files: dict[str, int] = defaultdict(int)
    for name in modules:
        files[name.rpartition(".")[0]] += 1
    return {
        "rooms": len(rooms),
        "arrows between rooms": sum(map(len, rooms.values())),
        "circles of rooms": len(circles(rooms)),
        "rooms on the longest chain": longest(rooms),
        "modules": len(modules),
        "arrows between modules": sum(map(len, modules.values())),
        "circles of modules": len(circles(modules)),
        "files in the largest folder": max(files.values()),
        "lines of the median file": sizes[len(sizes) // 2],
        "lines of the longest file": sizes[-1],
    }


if __name__ == "__main__":
    for what, number in numbers(Path(sys.argv[1]) if sys.argv[1:] else TOP).items():
        print(f"{number:6,}  {what}")
