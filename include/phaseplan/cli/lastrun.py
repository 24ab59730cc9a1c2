"""`last-run.json` in the state folder: what `run` last worked on, so that `status` needs no arguments after it."""

from __future__ import annotations

import json
import os
from typing import Any

from phaseplan.config.settings import last_run_file


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
    temporary = file.with_name(f"last-run.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(json.dumps(content, indent=2) + "\n")
    temporary.replace(file)
