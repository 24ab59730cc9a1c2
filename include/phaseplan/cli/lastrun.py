"""`last-run.json` in the state folder: what `run` last worked on, so that `status` needs no arguments after it."""

from __future__ import annotations

import json
from typing import Any

from phaseplan.config.settings import last_run_file
from phaseplan.config.whole_file import write_whole


def last_run() -> dict[str, Any]:
    """What was written last; empty where nothing was, or nothing that can be read."""
    try:
        content = json.loads(last_run_file().read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remember(content: dict[str, Any]) -> None:
    """Write it whole or not at all."""
    file = last_run_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(content, indent=2) + "\n")
