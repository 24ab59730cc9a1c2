"""Replace what is unsafe in text of plan authors and agents before a terminal or another agent's brief shows it."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]|[\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def clean(value: str) -> str:
    """Text of a plan made safe for a terminal: no control or direction characters."""
    return _UNPRINTABLE.sub("?", value)


def path_text(path: str) -> str:
    """A path that an agent chose, fit for JSON, a terminal and another agent's brief: one short line of text.

    Without this a file could be called `x`, a blank line, and new orders for whoever reads the brief.
    """
    text = clean(path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")).replace("`", "?")
    return text if len(text) <= 120 else f"{text[:117]}..."
