"""Read and write durations and ranges of durations, as plans write them: `4h`, `4h-6h`, `2d-3d`, `30m`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ONE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd])")


def seconds(text: object) -> int:
    """Read one duration (`90s`, `1.5h`, or a whole number of seconds) as seconds.

    :raises ValueError: it is neither a number of seconds nor `<number><s|m|h|d>`.
    """
    if isinstance(text, int) and not isinstance(text, bool) and text >= 0:
        return text
    match = _ONE.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"invalid duration {text!r}: write <number><s|m|h|d>, for example 90s, 30m, 4h or 2d")
    return round(float(match[1]) * _UNITS[match[2]])


def written(value: int) -> str:
    """Write seconds as a plan does, in the largest unit without a remainder."""
    unit = next(u for u in "dhms" if u == "s" or (value and value % _UNITS[u] == 0))
    return f"{value // _UNITS[unit]}{unit}"


@dataclass(frozen=True)
class Span:
    """A range of durations in seconds; one duration has low == high."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # where it is a field of a model
    low: int
    high: int

    def __str__(self) -> str:
        """Write the range as a plan does: `4h-6h`."""
        return written(self.low) if self.low == self.high else f"{written(self.low)}-{written(self.high)}"


def text(value: float) -> str:
    """Write seconds with about three figures: `45s`, `2.5m`, `17h`, `1.25h`; never days, which mislead."""
    if value < 0:
        return f"-{text(-value)}"
    unit, size = ("s", 1) if value < 60 else ("m", 60) if value < 3600 else ("h", 3600)
    shown = value / size
    figures = f"{shown:.0f}" if shown >= 100 else f"{shown:.1f}" if shown >= 10 else f"{shown:.2f}"
    return f"{figures.rstrip('0').rstrip('.') if '.' in figures else figures}{unit}"
