"""Define kinds of values in plans and profiles, and refuse values that YAML reads as something else than they look."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from phaseplan.plan.span_fields import Seconds
from phaseplan.plan.spans import written

_ZEROS = re.compile(r"[-+]?0+[0-9]+")
_SIZE = re.compile(r"([0-9]+)([kmg])b?", re.IGNORECASE)
_FACTOR = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_MOST_BYTES = 64 << 40  # no machine has more memory
_LEAST_MEMORY = 6 << 20  # bytes
_LONGEST = 30 * 86400  # seconds
_VARIABLE = re.compile(r"[^\s=\x00-\x1f\x7f]+")


def _number(value: Any) -> Any:
    """Refuse values that Python takes for a number and a reader does not."""
    if isinstance(value, bool):
        raise ValueError(f"cannot be {str(value).lower()}: write a number")
    if isinstance(value, str) and _ZEROS.fullmatch(value.strip()):
        text = str(int(value))
        raise ValueError(f"{value} reads as {text}, or as an octal number: write {text}")
    return value


def _size(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"invalid size {value!r}: write <number><k|m|g>, for example 500m or 2g")
    return int(match[1][:18]) * _FACTOR[match[2].lower()]


def _sane_size(value: int) -> int:
    if not 0 < value <= _MOST_BYTES:
        raise ValueError(f"invalid size {value}: write one above 0 that a machine has, for example 500m or 2g")
    return value


def _memory(value: int) -> int:
    if value < _LEAST_MEMORY:
        raise ValueError(f"{value} bytes are less than an engine gives to a container: write at least 6m")
    return value


def _limit(value: int) -> int:
    if not 0 < value <= _LONGEST:
        raise ValueError(f"invalid duration {value} s of a time limit: write one above 0, up to {written(_LONGEST)}")
    return value


def _command(value: str) -> str:
    if not value.strip():
        raise ValueError("an empty command, which is always green: write the command, or take the entry out")
    return value


def _program(value: tuple[str, ...]) -> tuple[str, ...]:
    if value and not value[0].strip():
        raise ValueError("a command whose program is empty: write the program first, for example [sh, -c, make]")
    return value


def _variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise ValueError(f"invalid name {value!r} of a variable: write one word without =, for example GOFLAGS")
    return value


Whole = Annotated[int, BeforeValidator(_number)]
#: Airflow makes names and database numbers of these, which limits them.
Number = Annotated[int, Field(ge=0, le=999_999), BeforeValidator(_number)]
Positive = Annotated[int, Field(gt=0), BeforeValidator(_number)]
Real = Annotated[float, BeforeValidator(_number)]
Size = Annotated[int, BeforeValidator(_size), AfterValidator(_sane_size)]
Memory = Annotated[Size, AfterValidator(_memory)]
TimeLimit = Annotated[Seconds, AfterValidator(_limit)]
Command = Annotated[str, AfterValidator(_command)]  # for a shell
Words = Annotated[tuple[str, ...], AfterValidator(_program)]  # without a shell
Variable = Annotated[str, AfterValidator(_variable)]
