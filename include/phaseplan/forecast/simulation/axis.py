"""Choose round times for an axis."""

from __future__ import annotations

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 43200, 86400)


def step(makespan: float, most: int) -> tuple[float, ...]:
    """Return at most `most` times from 0 to the end, a round step apart. Seconds."""
    size = next((s for s in _STEPS if makespan / s <= most), 0) or 86400 * (1 + int(makespan / 86400 / most))
    return tuple(float(size * k) for k in range(int(makespan / size) + 1))
