"""List the plan files of a folder: one answer for lint, the DAG factory, the pages and the sensors."""

from __future__ import annotations

from pathlib import Path

#: What the name of a plan file ends in, in whatever case.
SUFFIXES = (".yaml", ".yml")


def plan_files(folder: Path) -> list[Path]:
    """List the plan files of a folder by name; a folder that is not there has none."""
    try:
        return sorted(
            path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
        )
    except OSError:
        return []
