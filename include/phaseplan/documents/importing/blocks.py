"""Split Markdown into a flat list of blocks with lines: headings, paragraphs, list items, tables, fences.

Only markdown-it's block rules run. Inline markup is taken off by `words.clean`: the inline rules are where hostile
text costs time, and a plan's facts need none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["heading", "text", "item", "table", "fence"]
MOST_CELLS = 64  # of one table row; more is no plan
LONGEST = 2_000  # characters of a line or a cell that are read: every pattern may be quadratic in them

_BOLD_LINE = re.compile(r"(\*\*|__)([^*_\n]{3,120})\1:?")
_NAMED_LINE = re.compile(r"\W{0,4}\*\*`[^`\n]{3,100}`\*\*(?:\s*\([^()\n]{1,80}\))?")  # a name opens its section
_SECTION = re.compile(r"\W*(?:wave|phase|stage|sprint|batch|tier) \w{1,6}\b", re.IGNORECASE)
_SUMMARY = re.compile(r"<summary>\s*([^\n]{1,200}?)\s*</summary>", re.IGNORECASE)
_OPENS = re.compile(r"\b(?:wave|agent)\W*\d|\d\.\d", re.IGNORECASE)  # a label with a colon introduces a list


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one table row; cells are raw Markdown."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Hold one block. `level`: of a heading 1-6 (7: a paragraph all in bold), of a list item its depth from 1.

    `text` of a fence is its content and `line` the first line of it (`whole`: with lines of any length); `rows` of a
    table begin with its header.
    """

    kind: Kind
    line: int
    text: str = ""
    level: int = 0
    language: str = ""
    rows: tuple[Row, ...] = ()
    whole: str = ""


def blocks(text: str) -> list[Block]:
    """List the blocks of a document, in order."""
    parser = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table")
    parser.disable(["code", "html_block", "reference"])  # an indented table is a table, HTML around one is not its end
    parser.core.ruler.enableOnly(["normalize", "block"])
    return list(_flat(parser.parse(text)))


def _flat(tokens: list[Token]) -> Iterator[Block]:
    depth, fresh, rows, cells, row_line = 0, False, [], [], 0  # type: int, bool, list[Row], list[str], int
    opened = ""
    for token in tokens:
        line = token.map[0] + 1 if token.map else row_line
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "list_item_open":
            fresh = True
        elif token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            cells, row_line = [], line
        elif token.type == "tr_close":
            rows.append(Row(row_line, tuple(cells[:MOST_CELLS])))
        elif token.type == "table_close":
            yield Block("table", rows[0].line, rows=tuple(rows))
        elif token.type == "fence":
            yield Block("fence", line + 1, _short(token.content), depth, _language(token.info), whole=token.content)
        elif token.type == "inline":
            if opened in ("th_open", "td_open"):
                cells.append(token.content[:LONGEST])
            else:
                yield _text(_short(token.content), line, opened, depth, fresh)
                fresh = False
        if token.nesting == 1:
            opened = token.type if token.type != "heading_open" else f"{token.tag}{token.markup}"


def _short(content: str) -> str:
    """Cut every line of a text to the length that is read."""
    if len(content) <= LONGEST:
        return content
    return "\n".join(line[:LONGEST] for line in content.split("\n"))


def _text(content: str, line: int, opened: str, depth: int, fresh: bool) -> Block:
    """Make a heading, a paragraph or the first paragraph of a list item."""
    if opened.startswith("h") and opened[1:2].isdigit():
        underlined = opened.endswith("-")  # `key: value` above a ruler is no heading
        if not (underlined and ("\n" in content or (":" in content and not _SECTION.match(content)))):
            return Block("heading", line, content, int(opened[1]))
    if fresh and depth:
        return Block("item", line, content, depth)
    if (summary := _SUMMARY.search(content)) is not None and depth == 0:
        return Block("heading", line + content[: summary.start()].count("\n"), summary[1], 7)
    if depth == 0 and _BOLD_LINE.fullmatch(content.strip()) and (":" not in content[-3:] or _OPENS.search(content)):
        return Block("heading", line, content, 7)
    if depth == 0 and _NAMED_LINE.fullmatch(content.strip()):
        return Block("heading", line, content, 7)
    return Block("text", line, content, depth)


def _language(info: str) -> str:
    words = info.strip().lower().split()
    return words[0].strip("{}.") if words else ""
