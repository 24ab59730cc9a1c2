"""Put the lines of a document together: headings, paragraphs, list items, tables, fences, each with its first line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from phaseplan.documents.outline.lines import BOLD, Document, Line

Kind = Literal["heading", "text", "item", "table", "fence"]

_BOLD_LINE = re.compile(r"(\*\*|__)([^*_\n]{3,120})\1:?")
_NAMED_LINE = re.compile(r"\W{0,4}\*\*`[^`\n]{3,100}`\*\*(?:\s*\([^()\n]{1,80}\))?")  # a name opens its section
_SUMMARY = re.compile(r"<summary>\s*([^\n]{1,200}?)\s*</summary>", re.IGNORECASE)
_OPENS = re.compile(r"\b(?:wave|agent)\W*\d|\d\.\d", re.IGNORECASE)  # a label with a colon introduces a list
_RULER = re.compile(r"\s*(?:=+|(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})?")  # or nothing at all
_RULES = ("", "=", "-", "*", "_")
_QUOTE = re.compile(r"^\s*(?:>\s?)+")


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one table row; cells are raw Markdown."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Hold one block. `level`: of a heading 1-6 (7: a paragraph all in bold), of a list item its depth from 1.

    `text` of a fence is its content and `line` the first line of it (`whole`: of YAML, with lines of any length); the
    first of a table's `rows` is its header.
    """

    kind: Kind
    line: int
    text: str = ""
    level: int = 0
    language: str = ""
    rows: tuple[Row, ...] = ()
    whole: str = ""


def blocks(doc: Document) -> list[Block]:
    """List the blocks of a document, in order."""
    return list(_Blocks(doc).read())


class _Blocks:
    """Collect lines until a block is complete."""

    def __init__(self, doc: Document) -> None:
        self.doc, self.raws = doc, re.split(r"\r\n|\n|\r", doc.text)
        self.kind = ""  # of the block that is open: text, item, table, fence
        self.lines: list[Line] = []
        self.indents: list[int] = []  # of the texts of the items that are open

    def read(self) -> Iterator[Block]:
        """Yield the blocks."""
        for line in self.doc.lines:
            if line.kind == "code":
                yield from self.code(line)
            elif line.kind in ("head", "row"):
                yield from self.end() if line.kind == "head" else ()
                self.kind = "table"
                self.lines.append(line)
            elif line.kind == "comment":
                yield from self.end() if self.kind != "table" else ()
            else:
                yield from self.text(line)
        yield from self.end()

    def code(self, line: Line) -> Iterator[Block]:
        """Begin a fence, go on with it, or end it."""
        if line.marker and self.kind != "fence":
            yield from self.end()
            self.depth(line.level)
            self.kind, self.lines = "fence", [line]
        elif line.marker:
            yield from self.end()
        else:
            self.lines.append(line)

    def text(self, line: Line) -> Iterator[Block]:
        """Begin a heading, an item or a paragraph, or go on with one."""
        if line.kind == "heading" and line.level < BOLD:
            yield from self.end()
            self.depth(self.indent(line))
            yield Block("heading", line.number, line.text, line.level)
        elif line.kind == "item" and (self.kind != "text" or not line.marker[0].isdigit() or line.marker[:-1] == "1"):
            yield from self.end()  # a number but 1 goes on with a paragraph
            self.depth(line.level)
            bare = _bare(line).expandtabs(4)
            self.indents.append(len(bare) - len(bare.lstrip()) + len(line.marker) + 1)
            self.kind, self.lines = "item", [line]
        elif line.kind == "blank" or (line.text[:1] in _RULES and _RULER.fullmatch(_bare(line))):
            yield from self.end() if self.lines else ()
        elif self.kind in ("text", "item"):
            self.lines.append(line)
        else:
            yield from self.end()
            self.depth(self.indent(line))
            self.kind, self.lines = "text", [line]

    def indent(self, line: Line) -> int:
        """Return the columns before a line."""
        bare = line.raw.expandtabs(4)
        return len(bare) - len(bare.lstrip())

    def depth(self, indent: int) -> None:
        """Close the items that a line at this indent does not belong to."""
        while self.indents and indent < self.indents[-1]:
            self.indents.pop()

    def end(self) -> Iterator[Block]:
        """Yield the block that is open, if there is one."""
        kind, lines, self.kind, self.lines = self.kind, self.lines, "", []
        if not lines:
            return
        first = lines[0].number
        if kind == "table":
            yield Block("table", first, rows=tuple(Row(line.number, line.cells) for line in lines))
        elif kind == "fence":
            opened, *inner = lines
            text = "".join(f"{_less(line.raw, opened.level)}\n" for line in inner)
            raws = self.raws[first : first + len(inner)] if opened.language in ("yaml", "yml") else []
            whole = "".join(f"{_less(raw, opened.level)}\n" for raw in raws)
            yield Block("fence", first + 1, text, len(self.indents), opened.language, whole=whole)
        else:
            texts = [_bare(line).lstrip() for line in lines]
            if kind == "item":
                texts[0] = re.sub(r"^(?:[-*+]|\d{1,9}[.)])\s+", "", texts[0])
            yield _paragraph(kind, first, "\n".join(texts).rstrip(), len(self.indents))


def _bare(line: Line) -> str:
    """Return a line without the marks of a quotation."""
    return _QUOTE.sub("", line.raw) if ">" in line.raw else line.raw


def _less(raw: str, indent: int) -> str:
    """Take the indent of a fence off a line."""
    return raw[min(indent, len(raw) - len(raw.lstrip())) :]


def _paragraph(kind: str, line: int, content: str, depth: int) -> Block:
    if kind == "item":
        return Block("item", line, content, depth)
    if (summary := _SUMMARY.search(content)) is not None and depth == 0:
        return Block("heading", line + content[: summary.start()].count("\n"), summary[1], 7)
    bold = _BOLD_LINE.fullmatch(content) and (":" not in content[-3:] or _OPENS.search(content))
    if depth == 0 and (bold or _NAMED_LINE.fullmatch(content)):
        return Block("heading", line, content, 7)
    return Block("text", line, content, depth)
