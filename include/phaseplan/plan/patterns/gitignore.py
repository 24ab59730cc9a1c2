"""Match path patterns: gitignore syntax relative to the repository's root, as git itself reads it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pathspec import GitIgnoreSpec


@lru_cache(maxsize=512)
def _compile(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


def matches(patterns: Iterable[str], path: str) -> bool:
    """Say whether `path` (slashes, relative to the root) is matched by the last pattern that applies to it."""
    return _compile(tuple(patterns)).match_file(path)
