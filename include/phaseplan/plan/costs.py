"""Define what is known of the cost of earlier builds, for those who estimate the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Build:
    """Hold what one branch used of models in one run, in all its attempts. `usd` None: a price of it is unknown."""

    tokens: int
    usd: float | None
    agent: str  # profile name


Builds = Mapping[str, Sequence[Build]]  # of past runs, by branch id
