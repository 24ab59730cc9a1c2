"""Read and write `last-run.json` in the state folder: what `run` last worked on, for `status` without arguments."""

from __future__ import annotations

import json
from typing import Any

from phaseplan.config.settings import last_run_file
from phaseplan.config.whole_file import write_whole


def last_run() -> dict[str, Any]:
    """Return the last content; empty if there is none that can be read."""
    try:
        content = json.loads(last_run_file().read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remember(content: dict[str, Any]) -> None:
    """Write the content completely or not at all."""
    file = last_run_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(content, indent=2) + "\n")
