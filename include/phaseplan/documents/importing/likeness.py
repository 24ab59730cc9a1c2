"""Say whether two texts name one thing: `p5w2-workload-dist` and `Workload Distribution types`."""

from __future__ import annotations

import re
from functools import lru_cache

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an the of and or for to in on with by from api apis type types core base basic implementation feature "
        "branch complete completion work new all wave phase agent must be first done merged available ready",
    )
)


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Return words in lower case, without the commonest unless nothing else is there."""
    words = re.findall(r"[a-z0-9]+", text[:200].lower())
    return tuple(word for word in words if word not in _COMMON) or tuple(words)


@lru_cache(maxsize=65536)
def within(one: str, other: str) -> bool:
    """Say whether each word of one text is one of the other, or begins one, or the text is the other's initials."""
    words, others = tokens(one), tokens(other)
    if len(words) == 1 and 2 <= len(words[0]) <= 4 and words[0] == "".join(word[0] for word in others):
        return True
    return bool(words) and all(any(_same(word, w) for w in others) for word in words)


def alike(one: str, other: str) -> bool:
    """Say whether one of two texts is within the other."""
    return within(one, other) or within(other, one)


def _same(word: str, other: str) -> bool:
    return word == other or (min(len(word), len(other)) >= 3 and (word.startswith(other) or other.startswith(word)))
