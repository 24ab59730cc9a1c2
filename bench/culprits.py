"""Count the gate runs it takes to find k bad branches of 20. No git: the search itself, on seeded random placements."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import mean

from phaseplan.ledger.records import Finding
from phaseplan.wave.culprits import Search

BRANCHES, BAD, PLACEMENTS = 20, (0, 1, 2, 5, 10), 200
_RED = (Finding(gate="commands", message="red"),)


def measure() -> dict[str, float]:
    """Mean and most gate runs by number of bad branches, and against two other ways to look for them.

    Ours counts everything a red wave costs: the whole, its retry, the bare base, the search, each culprit's
    confirmation and the final gate. One by one is 20 prefixes without any of these; with care it has them too.
    Halving gates both halves of every red group, and confirms nothing.
    """
    found: dict[str, float] = {}
    for bad in BAD:
        placed = _placements(bad)
        ours, halving = [_ours(p) for p in placed], [_halving(range(BRANCHES), p) for p in placed]
        careful = BRANCHES + bad + 3 if bad else 1
        found |= {
            f"{bad} bad | ours, mean": mean(ours),
            f"{bad} bad | ours, max": max(ours),
            f"{bad} bad | halving, mean": mean(halving),
            f"{bad} bad | halving, max": max(halving),
            f"{bad} bad | ours over one by one ({BRANCHES})": mean(ours) / BRANCHES,
            f"{bad} bad | ours over one by one with the same care ({careful})": mean(ours) / careful,
            f"{bad} bad | ours over halving": mean(ours) / mean(halving),
        }
    return found


def _placements(bad: int) -> list[frozenset[int]]:
    seeded = random.Random(bad)
    return [frozenset(seeded.sample(range(BRANCHES), bad)) for _ in range(PLACEMENTS)]


def _ours(bad: frozenset[int]) -> int:
    if not bad:
        return 1
    runs = 3  # the whole, its retry, the bare base

    def red(chosen: tuple[str, ...], *, again: bool = False) -> tuple[Finding, ...]:
        nonlocal runs
        runs += 1
        return _RED if any(int(c) in bad for c in chosen) else ()

    search = Search([str(n) for n in range(BRANCHES)], {}, red)
    search.run()
    if {int(c.id) for c in search.culprits} != bad:
        raise SystemExit("bench/culprits: the search is wrong, so its number of runs means nothing")
    return runs


def _halving(group: Sequence[int], bad: frozenset[int]) -> int:
    if not bad.intersection(group) or len(group) == 1:
        return 1
    middle = len(group) // 2
    return 1 + _halving(group[:middle], bad) + _halving(group[middle:], bad)


if __name__ == "__main__":
    for name, runs in measure().items():
        print(f"{name:64} {runs:8.2f}")
