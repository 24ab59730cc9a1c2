"""Keeps secret values out of logs and reports."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST = 4  # characters; shorter values would blacken ordinary text


class Redactor:
    """Replaces secret values in text by `***`."""

    def __init__(self, values: Iterable[str]) -> None:
        parts = {part for value in values for part in (value, *value.splitlines()) if len(part) >= SHORTEST}
        longest_first = sorted(parts, key=len, reverse=True)
        self.values = tuple(longest_first)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if parts else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub("***", text) if self._pattern else text
