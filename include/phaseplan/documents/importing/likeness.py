"""Measure how much two names of one thing have in common: `p5w2-workload-dist` and `Workload Distribution types`."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

_COMMON = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "and",
        "or",
        "for",
        "to",
        "in",
        "on",
        "with",
        "by",
        "from",
        "api",
        "apis",
        "type",
        "types",
        "core",
        "base",
        "basic",
        "implementation",
        "feature",
        "branch",
        "complete",
        "completion",
        "work",
        "new",
        "all",
        "wave",
        "phase",
        "agent",
        "must",
        "be",
        "first",
        "done",
        "merged",
        "available",
        "ready",
    ]
)


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Return words in lower case, without the commonest unless nothing else is there."""
    words = re.findall(r"[a-z0-9]+", text[:200].lower())
    rare = [w for w in words if w not in _COMMON]
    return tuple(rare or words)


@lru_cache(maxsize=65536)
def alike(one: str, other: str) -> float:
    """Return 0 to 1: the mean of how much of each is found in the other."""
    return (covered(one, other) + covered(other, one)) / 2


@lru_cache(maxsize=65536)
def covered(one: str, other: str) -> float:
    """Return 0 to 1: how much of `one` is found in `other`."""
    own_words, other_words = tokens(one), tokens(other)
    if not own_words or not other_words:
        return 0.0
    joined = (*other_words, *(a + b for a, b in itertools.pairwise(other_words)))
    initials = "".join(w[0] for w in re.findall(r"[a-z0-9]+", other.lower()))
    return sum(_best(word, joined, initials) for word in own_words) / len(own_words)


def _best(word: str, others: tuple[str, ...], initials: str) -> float:
    best = 0.6 if 2 <= len(word) <= 4 and word in initials else 0.0
    for other in others:
        if word == other:
            return 1.0
        if word.startswith(other) or other.startswith(word):
            best = max(best, 0.85 if min(len(word), len(other)) >= 3 else 0.0)
        elif _shared(word, other) >= 5 or (_shared(word, other) >= 4 and min(len(word), len(other)) <= 6):
            best = max(best, 0.7)
    return best


def _shared(one: str, other: str) -> int:
    """Count the letters that both begin with."""
    for i, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return i
    return min(len(one), len(other))
