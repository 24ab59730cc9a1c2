"""Replace what is unsafe in text of plan authors and agents before a terminal or another agent's brief shows it."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]|[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def clean(value: str) -> str:
    """Replace control and direction characters in a plan's text, so that a terminal can show it."""
    return _UNPRINTABLE.sub("?", value)


def path_text(path: str) -> str:
    """Make a path that an agent chose safe for JSON, a terminal and another agent's brief: one short line.

    Without this a file could be called `x`, a blank line, and new orders for the agent that reads the brief.
    """
    text = clean(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")).replace("`", "?")
    return text if len(text) <= 120 else f"{text[:117]}..."
