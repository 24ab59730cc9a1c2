"""Split a document into lines of one kind each: headings, list items, table rows, text, code, front matter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from phaseplan.documents.outline.text import plain

Kind = Literal["heading", "item", "head", "row", "text", "more", "code", "front", "comment", "blank"]
LONGEST = 2_000  # characters of a line that are read
MOST_CELLS = 64
BOLD = 7  # the level of a line in bold: below every heading

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_BOLD = re.compile(r"(?:\*\*|__)([^*_]{3,120})(?:\*\*|__):?")
_BOLD_GROUP = re.compile(r"\*\*(\W*(?:wave|phase|stage|sprint|batch|tier) \w{1,6})\*\*(\s*\([^()]*\))", re.IGNORECASE)
_ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,4}[.)])[ \t]+(?:\[([ xX~/-]?)\](\*?)[ \t]+)?(.*)")
_FENCE = re.compile(r"\s*(?:[-*+]\s+)?(`{3,}|~{3,})\s*([\w+-]*)")
_RULE = re.compile(r"\s*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-{1,}:?\s*)*\|?\s*")
_SECTION = re.compile(r"\W*(?:wave|phase|stage|sprint|batch|tier) \w{1,6}\b", re.IGNORECASE)
_KEYED = re.compile(r"(?:[*_]+)?[^\W\d_][\w-]*(?: [\w-]+){0,2}(?:[*_]+)?:|[*_>#|]|https?:")
_PIPE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line. `more`: of the item above. `level`: of a heading 1 to 6 or BOLD, of an item its indent."""

    number: int
    kind: Kind
    raw: str
    text: str = ""  # without its marker
    level: int = 0
    box: str | None = None  # of an item: None, ` ` or `x`
    marker: str = ""
    cells: tuple[str, ...] = ()
    language: str = ""

    @property
    def plain(self) -> str:
        """Return the text without markup."""
        return plain(self.text)

    @property
    def done(self) -> bool:
        """Say whether the box is ticked."""
        return self.box in ("x", "X")


@dataclass
class Document:
    """Hold one document as lines."""

    file: str
    text: str
    lines: list[Line] = field(default_factory=list)
    tables: list[Any] | None = None  # once `tables` has found them
    in_waves: bool | None = None  # once `family` has said so
    records: tuple[Any, ...] = ()  # what `records` has made comments of

    @cached_property
    def headings(self) -> list[Line]:
        """Return the headings."""
        return [line for line in self.lines if line.kind == "heading"]

    @cached_property
    def items(self) -> list[Line]:
        """Return the list items."""
        return [line for line in self.lines if line.kind == "item"]

    @cached_property
    def front(self) -> list[Line]:
        """Return the lines of the front matter."""
        return [line for line in self.lines if line.kind == "front"]

    @cached_property
    def title(self) -> Line | None:
        """Return the first heading of the first level."""
        return next((line for line in self.headings if line.level == 1), None)


def document(file: str, text: str) -> Document:
    """Split a text into lines."""
    raws = re.split(r"\r\n|\n|\r", text)
    out: list[Line] = []
    fence, language, comment, at = "", "", False, 0
    if raws and raws[0].strip() == "---":
        end = next((i for i, raw in enumerate(raws[1:200], 1) if raw.strip() in ("---", "...")), 0)
        out = [Line(i + 1, "front", raw) for i, raw in enumerate(raws[: end + 1])] if end else []
        at = len(out)
    table = False
    while at < len(raws):
        raw, number = raws[at][:LONGEST], at + 1
        opened = _FENCE.match(raw) if "```" in raw or "~~~" in raw else None
        if fence:
            closed = raw.strip().startswith(fence) and not raw.strip().strip(fence[0])
            inner = "" if closed else raw
            out.append(Line(number, "code", inner, inner, language=language, marker=fence if closed else ""))
            fence = "" if closed else fence
        elif opened:
            fence, language = opened[1], opened[2].lower()
            indent = len(raw) - len(raw.lstrip())
            out.append(Line(number, "code", "", level=indent, language=language, marker=fence))
        elif comment or raw.lstrip().startswith("<!--"):
            comment = "-->" not in raw
            out.append(Line(number, "comment", raw))
        else:
            after = raws[at + 1][:LONGEST] if at + 1 < len(raws) else ""
            line = _line(number, raw, after, table)
            table = line.kind in ("head", "row") or (table and line.kind == "comment")
            out.append(line)
        at += 1
    return Document(file, text, _joined(out))


def _joined(lines: list[Line]) -> list[Line]:
    """Return lines, each item with the lines that its sentence goes on in; one that begins with a key is its own."""
    item, last = -1, Line(0, "blank", "")
    out: list[Line] = []
    for line in lines:
        goes_on = line.kind == "text" and last.kind in ("item", "more") and line.level > out[item].level
        if goes_on and not _KEYED.match(line.text):
            out[item] = replace(out[item], text=f"{out[item].text} {line.text}"[:LONGEST])
            line = replace(line, kind="more")
        elif line.kind == "item":
            item = len(out)
        out.append(line)
        last = line
    return out


def _line(number: int, raw: str, after: str, table: bool) -> Line:
    """Read one line outside of code."""
    if not raw.strip():
        return Line(number, "blank", raw)
    if table and "|" in raw:
        return Line(number, "comment" if _RULE.fullmatch(raw) else "row", raw, raw, cells=cells(raw))
    if "|" in raw and "|" in after and _RULE.fullmatch(after):
        return Line(number, "head", raw, raw, cells=cells(raw))
    quoted = re.sub(r"^\s*>\s?", "", raw) if ">" in raw else raw
    bare = quoted.strip()
    if bare.startswith("#") and (match := _HEADING.fullmatch(quoted)):
        return Line(number, "heading", raw, match[2], len(match[1]))
    if bare.startswith(("**", "__")):
        if match := _BOLD.fullmatch(bare):
            return Line(number, "heading", raw, match[1].rstrip(":"), BOLD)
        if match := _BOLD_GROUP.fullmatch(bare):
            return Line(number, "heading", raw, match[1] + match[2], BOLD)
    ruled = after[:1] in ("=", "-") and re.fullmatch(r"=+\s*|-{3,}\s*", after) and re.match(r"[A-Za-z]", quoted)
    if ruled and (after[0] == "=" or ":" not in quoted or _SECTION.match(quoted)):  # else `key: value` above a ruler
        return Line(number, "heading", raw, bare, 1 if after[0] == "=" else 2)
    if match := _ITEM.fullmatch(quoted):
        indent = len(match[1].expandtabs(4))
        box = match[3] if match[3] is not None else None
        return Line(number, "item", raw, match[5], indent, box, match[2])
    return Line(number, "text", raw, bare, len(raw) - len(raw.lstrip()))


def cells(raw: str) -> tuple[str, ...]:
    """Split a table row into its cells."""
    bare = raw.strip()
    bare = bare[1:] if bare.startswith("|") else bare
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return tuple(cell.strip().replace("\\|", "|") for cell in _PIPE.split(bare)[:MOST_CELLS])
