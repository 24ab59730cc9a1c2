"""Read from /proc what processes run on this machine."""

from __future__ import annotations

from pathlib import Path


def below(pid: int) -> list[int]:
    """List the descendants of a process from /proc; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):  # it ended in between
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    descendants, todo = [], [pid]
    while todo:
        todo += (new := children.get(todo.pop(), []))
        descendants += new
    return descendants
