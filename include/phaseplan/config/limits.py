"""Define the limits on what an agent may hand in, measured unpacked.

The collector measures first, in a container where a bomb does no harm; a worker measures again before it unpacks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """Limits on what one attempt brings back; `bytes` is the profile's `max_output`, the others are ours."""

    bytes: int
    commits: int = 1000
    message: int = 64 << 10  # bytes of a whole commit object: no person reads more
    date: int = 4_102_444_800  # 2100: later dates overflow somewhere, and sort before everything for ever
    paths: int = 100_000  # files more than the base has
    depth: int = 128  # folders in each other
    path: int = 4000  # bytes: with /workspace before it, what a system can open
    trees: int = 64 << 20  # bytes of folders

    def task(self) -> dict[str, int]:
        """Return the limits as the collector reads them."""
        return asdict(self)
