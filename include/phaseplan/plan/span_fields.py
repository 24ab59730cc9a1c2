"""Define fields of models that hold durations, with their schema for editors."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from phaseplan.plan.spans import Span, seconds

_WRITTEN = r"[0-9]{1,9}(\.[0-9]{1,9})?[smhd]"  # the same for editors, whose regular expressions know no re


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
