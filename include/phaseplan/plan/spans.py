"""Read and write durations and ranges of durations, as plans write them: `4h`, `4h-6h`, `2d-3d`, `30m`."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ONE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd])")
_WRITTEN = r"[0-9]{1,9}(\.[0-9]{1,9})?[smhd]"  # the same for editors, whose regular expressions know no re


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


class Span(BaseModel):
    """A range of durations in seconds; one duration has low == high."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    low: int
    high: int

    def __str__(self) -> str:
        """Write the range as a plan does: `4h-6h`."""
        return written(self.low) if self.low == self.high else f"{written(self.low)}-{written(self.high)}"


def _span(value: Any) -> Any:
    if isinstance(value, (dict, Span)):
        return value
    low, _, high = str(value).partition("-")
    span = {"low": seconds(low), "high": seconds(high or low)}
    if span["low"] > span["high"]:
        raise ValueError(f"invalid duration {value!r}: the range runs backwards")
    return span


def _for_editors(pattern: str, like: str) -> dict[str, Any]:
    """Make the schema of a text; editors show `patternErrorMessage`, which JSON Schema itself does not know."""
    message = f"write <number><s|m|h|d>, for example {like}"
    return {"type": "string", "pattern": f"^{pattern}$", "patternErrorMessage": message, "examples": like.split(" or ")}


_NUMBER = {"type": "integer", "minimum": 0}
Duration = Annotated[
    Span,
    BeforeValidator(_span),
    WithJsonSchema(_for_editors(f"{_WRITTEN}(-{_WRITTEN})?", "30m or 4h-6h")),
]
Seconds = Annotated[
    int,
    BeforeValidator(seconds),
    WithJsonSchema({"anyOf": [_for_editors(_WRITTEN, "90s or 30m"), _NUMBER]}),
]


def text(value: float) -> str:
    """Write seconds with about three figures: `45s`, `2.5m`, `17h`, `1.25h`; never days, which mislead."""
    if value < 0:
        return f"-{text(-value)}"
    unit, size = ("s", 1) if value < 60 else ("m", 60) if value < 3600 else ("h", 3600)
    shown = value / size
    figures = f"{shown:.0f}" if shown >= 100 else f"{shown:.1f}" if shown >= 10 else f"{shown:.2f}"
    return f"{figures.rstrip('0').rstrip('.') if '.' in figures else figures}{unit}"
