"""Read YAML scalars by YAML 1.2's core schema, so `off`, `0o17` and `1:30` stay the text they look like."""

from __future__ import annotations

import math
import re
from typing import Any

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_ZEROS = re.compile(r"[-+]?0[0-9]+")  # 10 to some, 8 to others: stays text, and a key that needs a number refuses it
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NUMERIC = frozenset("-+.0123456789")
CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
)  # what YAML calls not printable
_PREFIX = "tag:yaml.org,2002:"


class UnsupportedTag(ValueError):
    """A tag that is not plain data."""


def plain(text: str) -> Scalar:
    """Return the value of an unquoted scalar."""
    if text[:1] not in _NUMERIC:
        return _WORDS.get(text, text)
    if _INT.fullmatch(text):
        return int(text)
    if (
        len(text) < 64
        and not _ZEROS.fullmatch(text)
        and _FLOAT.fullmatch(text)
        and math.isfinite(number := float(text))
    ):
        return number
    return text


def scalar(event: Any) -> Scalar:
    """Return the value of one scalar event.

    :raises UnsupportedTag: it carries a tag other than str, int, float, bool or null.
    """
    if event.tag is None:
        return plain(event.value) if event.implicit[0] else str(event.value)
    if event.tag in ("!", f"{_PREFIX}str"):
        return str(event.value)
    if event.tag.removeprefix(_PREFIX) in ("int", "float", "bool", "null"):
        return plain(event.value)
    raise UnsupportedTag(event.tag)
