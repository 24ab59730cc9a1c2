"""Read lists, paragraphs, two-column tables and YAML-like fences as `key: value` statements with parents.

Written plans are seldom valid YAML where they look like it, so that indentation and colons are all that is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.context import Context
from phaseplan.documents.importing.words import clean, ids

_KEY = re.compile(r"([^:\n]{1,80}?)\s*:(?:\s+|$)(.*)", re.DOTALL)
_BOLD_KEY = re.compile(
    r"(?:\*\*|__)([^*_\n]{1,80}?):?(?:\*\*|__)\s*(?::|[-\u2013\u2014=]{1,2}|\u2192)\s*(.*)", re.DOTALL
)
_ITEM = re.compile(r"(\s*)(?:[-*+\u2022]|\d{1,2}[.)])\s+(.*)")
_BESIDE = re.compile(r"\s[|\u00b7\u2022;/]\s+(?=\*\*|__)")  # `**Agents:** 2 | **Duration:** 8 hours`
_OWN_ID = re.compile(r"(?:effort|item|task|ticket|work[ _]item|branch[ _]id|id)", re.IGNORECASE)
_TIE = re.compile(
    r"(?:depends|blocks|independent|enables|requires|needs|predecessors?|successors?|no relation)\b(?: on| from| of)?",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[\d/`:%*|]|\.\w")  # without one, or one of these words, a sentence says nothing of a plan
_WORDS = frozenset(
    """wave waves agent agents engineer engineers developer developers worker workers owner owners phase phases branch
    branches depend depends dependency dependencies dependent need needs require requires block blocks nothing none no
    half day days hour hours separate distinct own independent isolated different dedicated disjoint exclusive
    makefile dockerfile one two three four five six""".split()  # noqa: SIM905  # as a list it would be fifty lines
)
_MARKS = str.maketrans(dict.fromkeys(".,;!?()[]\"'-\u2013\u2014\n", " "))
_FREE = (
    r"notes|gate|branch requirements|per-branch|parallelization|integration points"  # sections of sentences as they are
)
_PLAIN = ("yaml", "yml", "text", "txt", "", "plaintext", "markdown", "md")


@dataclass(frozen=True)
class Statement:
    """Hold one statement. `key` is empty without a colon; `raw` is the value with markup; `parents` outermost first."""

    line: int
    key: str
    value: str
    raw: str
    parents: tuple[str, ...]
    context: Context
    kind: str
    depth: int = 0

    def about(self, pattern: str) -> bool:
        """Say whether key or a parent matches, whatever the case."""
        return any(text and re.search(pattern, text, re.IGNORECASE) for text in (self.key, *self.parents))

    @cached_property
    def whole(self) -> str:
        """Return key and value as one text."""
        return f"{self.key}: {self.value}" if self.key and self.value else self.key or self.value

    @cached_property
    def low(self) -> str:
        """Return the whole in small letters: what a pattern cannot do without is looked for in it first."""
        return self.whole.lower()


def statements(contexts: Iterable[tuple[Block, Context]], idle: Collection[int] = ()) -> Iterator[Statement]:
    """Yield all statements of a document in order, but those of blocks that say nothing and stand alone.

    :param idle: lines of blocks that say nothing.
    """
    lead = ""  # an introduction that ends in a colon is the parent of the list below it
    parents: dict[int, str] = {}
    for block, context in contexts:
        if block.kind == "item":
            parents = {d: p for d, p in parents.items() if d < block.level}
            above = tuple(p for p in (lead, *(parents[d] for d in sorted(parents))) if p)
            items = [] if not above and block.line in idle else list(_lines(block, above, context, block.level))
            yield from items
            parents[block.level] = items[0].whole if items else ""
        elif block.kind == "text":
            above = tuple(parents[d] for d in sorted(parents) if d <= block.level) if block.level else ()
            items = [] if not above and block.line in idle else list(_lines(block, above, context, block.level))
            yield from items
            if not block.level:
                lead = items[-1].key if items and items[-1].key and not items[-1].value else ""
                parents = {}
        elif block.kind == "fence" and block.language in _PLAIN:
            yield from _fence(block, context)
            lead, parents = lead if block.level else "", parents if block.level else {}
        else:
            if block.kind == "table":
                yield from _pairs(block, context)
            lead, parents = "", {}


def is_idle(block: Block, context: Context) -> bool:
    """Say whether a paragraph or an item can say nothing of the plan."""
    if _SIGNS.search(block.text) is not None or context.under(_FREE, 1):
        return False
    return _WORDS.isdisjoint(block.text.lower().translate(_MARKS).split())


def split(text: str) -> tuple[str, str, str]:
    """Split a line into key, cleaned value and raw value."""
    match = _BOLD_KEY.fullmatch(text.strip())
    if match:
        return _bare(clean(match[1])), clean(match[2]), match[2]
    bare = clean(text)
    match = _KEY.fullmatch(bare)
    if match is None or re.search(r"https?$", match[1]):
        return "", bare, text
    raw = text.split(":", 1)[1] if ":" in text else text
    return _bare(match[1]), match[2].strip(), raw


def _bare(key: str) -> str:
    """Remove arrows and ticks before a key."""
    return re.sub(r"^[\u2190-\u21ff\u2713-\u2717\s]+", "", key).rstrip(":").strip()


def _lines(block: Block, parents: tuple[str, ...], context: Context, depth: int) -> Iterator[Statement]:
    for offset, line in enumerate(block.text.split("\n")):
        for part in _BESIDE.split(line) if line.strip() else ():
            key, value, raw = split(part)
            yield Statement(block.line + offset, key, value, raw, parents, context, block.kind, depth)


def _fence(block: Block, context: Context) -> Iterator[Statement]:
    """Read lines of a fence, nested by indentation; an item below a key counts as deeper than the key."""
    stack: list[tuple[int, str]] = []
    for offset, line in enumerate(block.text.split("\n")):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if block.language in ("yaml", "yml"):
            line = re.sub(r"\s+#\s.*$", "", line)
            bare = line.strip()
        item = _ITEM.fullmatch(line)
        indent = 2 * (len(line) - len(line.lstrip())) + bool(item)
        while stack and stack[-1][0] >= indent:
            stack.pop()
        key, value, raw = split(item[2] if item else bare)
        if _OWN_ID.fullmatch(key) and stack and not item and len(ids(value)) == 1:
            stack[-1] = (stack[-1][0], f"{key}: {value}")  # what else is said of this entry is said of that branch
        above = tuple(text for _, text in stack)
        yield Statement(block.line + offset, key, value, raw, above, context, "fence", len(stack))
        stack.append((indent, f"{key}: {value}" if key and value else key or value))


def _pairs(block: Block, context: Context) -> Iterator[Statement]:
    """Read rows of a table with two columns, or with three if the first names the relation to another phase."""
    of_phases = clean(block.rows[0].cells[0]).lower() == "phase" if block.rows[0].cells else False
    for row in block.rows:
        is_relation = len(row.cells) == 3 and _TIE.fullmatch(clean(row.cells[0]))
        if (len(row.cells) == 2 or is_relation) and row.cells[0].strip():
            key = clean(row.cells[0]).rstrip(":")
            key = f"Phase {key}" if key.isdigit() and of_phases else key
            yield Statement(row.line, key, clean(row.cells[1]), row.cells[1], (), context, "table")
