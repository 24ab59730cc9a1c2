"""Documents made wrong: what an editor, a merge, an LLM or an attacker does to them."""

from __future__ import annotations

import random
from collections.abc import Callable

_MARKS = (
    "|",
    "||||||||",
    "`",
    "```",
    "~~~",
    "**",
    "*",
    "_",
    "[",
    "](",
    "<!--",
    "<details>",
    "<br>",
    "#",
    "######## ",
    "- ",
    "> ",
    "\t",
    "    ",
    "\n\n",
    "\r",
    "\x85",
    "\u2028",
    "\ufeff",
    "\u202e",
    "\u200b",
    "\U0001f680",
    "\ud7ff",
    "-->",
    "-.->",
    "&",
    "subgraph ",
    "end\n",
    "1.1.1",
    "5.1.1-99",
    "5.x.x",
    "999.999.999",
    "5.2.1 depends on 5.2.1",
    "Wave 0",
    "Wave 99999999999999999999",
    "Day 99-1",
    "0 days",
    "9" * 400,
    "750\u21920",
    "p5w1-",
    "origin/",
    "../../etc/passwd",
    "{{ x }}",
    "&amp;",
    "\\",
    '"',
    "'",
    ": ",
    "# TODO",
    "!!python/object",
    "*alias",
    "%",
    "@",
    "---\n",
    "===\n",
    "| a | b |\n|---|---|\n",
    "feature/" + "a/" * 300,
    "%%{init}%%",
    "\u0660\u0661",
    "\u00b2",
    "(" * 200,
    "[" * 500,
    "*" * 300,
    "Agent 1-99999",
    "phases 1-999",
    "\x7f",
)


def _drop(lines: list[str], r: random.Random, others: list[str]) -> None:
    i = r.randrange(len(lines))
    del lines[i : i + r.choice((1, 1, 1, 5, 40))]


def _repeat(lines: list[str], r: random.Random, others: list[str]) -> None:
    i = r.randrange(len(lines))
    lines[i:i] = lines[i : i + r.choice((1, 3, 20))] * r.choice((1, 1, 2, 10))


def _swap(lines: list[str], r: random.Random, others: list[str]) -> None:
    i, j = r.randrange(len(lines)), r.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]


def _insert(lines: list[str], r: random.Random, others: list[str]) -> None:
    i = r.randrange(len(lines))
    at = r.randrange(len(lines[i]) + 1)
    lines[i] = lines[i][:at] + r.choice(_MARKS) + lines[i][at:]


def _cut(lines: list[str], r: random.Random, others: list[str]) -> None:
    i = r.randrange(len(lines))
    at = r.randrange(len(lines[i]) + 1)
    lines[i] = lines[i][:at] + lines[i][at + r.choice((1, 1, 2, 10, 100)) :]


def _number(lines: list[str], r: random.Random, others: list[str]) -> None:
    i = r.randrange(len(lines))
    lines[i] = "".join(str(r.randrange(10)) if c.isdigit() and r.random() < 0.3 else c for c in lines[i])


def _splice(lines: list[str], r: random.Random, others: list[str]) -> None:
    i, j = r.randrange(len(lines)), r.randrange(len(others))
    lines[i:i] = others[j : j + r.choice((1, 5, 60))]


def _indent(lines: list[str], r: random.Random, others: list[str]) -> None:
    i = r.randrange(len(lines))
    for k in range(i, min(len(lines), i + r.choice((1, 5, 30)))):
        lines[k] = r.choice(("  ", "    ", "> ", "- ", "| ")) + lines[k]


KINDS: tuple[Callable[[list[str], random.Random, list[str]], None], ...] = (
    _drop,
    _repeat,
    _swap,
    _insert,
    _insert,
    _cut,
    _number,
    _splice,
    _indent,
)


def mutate(text: str, other: str, r: random.Random, times: int) -> str:
    """Mutate a document; parts of `other` are inserted."""
    lines, others = text.split("\n"), other.split("\n")
    for _ in range(times):
        if lines:
            r.choice(KINDS)(lines, r, others)
        lines = lines or [""]
    return "\n".join(lines)
