"""Write pieces of Markdown that hold any text safely: cells, code, lists, fences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from phaseplan.plan.spans import Span
from phaseplan.plan.yaml.scalars import plain

_ACTIVE = re.compile(
    r"[\\`*\[\]<|]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside a word it is a letter
    r"|&(?=#?\w+;)|~(?=~)|!(?=\[)|(?<!^)#(?=\s|$|#)"
)
_BEGINNING = re.compile(
    r"^(?:\d{1,9}(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|--|[~=>#]))"
)  # of a list, a line, a quotation, a fence
_LONG = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_NOTHING = {"", "-", "\u2013", "\u2014", "none", "n/a", "tbd", "todo"}


def speakable(text: str) -> bool:
    """Say whether a cell, a heading or a list item can hold exactly this: one line that does not mean `nothing`."""
    return text == " ".join(text.split()) and text.isprintable() and text.lower() not in _NOTHING


def words(text: str) -> str:
    """Escape text so that Markdown shows it unchanged, in one line."""
    return _BEGINNING.sub(r"\g<0>\\", _ACTIVE.sub(r"\\\g<0>", " ".join(text.split())))


def fence(kind: str, text: str) -> str:
    """Write a fenced block, its fence longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{kind}\n{text.rstrip(chr(10))}\n{ticks}\n"


def bullets(items: Iterable[str]) -> str:
    """Write a list of texts."""
    return "".join(f"- {words(item)}\n" for item in items)


def lasting(span: Span, days: bool = True) -> str:
    """Write a range of durations as people say it: `4-6 hours`.

    :param days: 24 hours may be written as a day, which readers of a document take for 8 hours of work.
    """
    units = _LONG if days else _LONG[1:]
    unit, size = next((u, s) for u, s in units if s == 1 or (span.high and not (span.low % s or span.high % s)))
    low, high = span.low // size, span.high // size
    return f"{low if low == high else f'{low}-{high}'} {unit}{'' if low == high == 1 else 's'}"


class _Dumper(yaml.SafeDumper):
    """Write YAML that the plan loader, which reads YAML 1.2, gives back unchanged."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    block = "\n" in value.strip("\n") and value[0] not in " \n" and not value.endswith("\n\n")  # else YAML needs `...`
    style = "|" if block else '"' if "\n" in value or plain(value) != value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(value: Any) -> str:
    """Write plain data as YAML."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))
