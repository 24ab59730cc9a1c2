"""Spread what begins together over engines by the room that each has."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping


def spread(rooms: Mapping[str, int], key: str) -> str:
    """Return the engine for a key: each with a likelihood by its room; any where none has room.

    Branches that begin together see the same room, so the one with the most would get them all. A hash decides, and
    no dice (weighted rendezvous): a key goes to the same engine again as long as rooms are as they were, and to another
    one only where that has become roomier, or this one fuller.

    :param rooms: by name; not empty.
    """
    weights = {name: room for name, room in rooms.items() if room > 0} or dict.fromkeys(rooms, 1)
    return max(weights, key=lambda name: -weights[name] / math.log(_fraction(f"{key} {name}")))


def _fraction(words: str) -> float:
    """Return a number between 0 and 1, neither of them, that is the same for the same words in every process."""
    number = int.from_bytes(hashlib.sha256(words.encode()).digest()[:6])
    return (number + 0.5) / 2.0**48
