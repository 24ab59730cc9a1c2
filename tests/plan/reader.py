"""Reads an exported document with a Markdown parser that is not ours: headings, tables, lists and YAML blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from phaseplan.plan.yaml.load import parse


def text(token: Token) -> str:
    """Return what a reader sees of one inline token."""
    seen = ((c.type, c.content) for c in token.children or [])
    return "".join("\n" if kind.endswith("break") else said for kind, said in seen if kind != "html_inline")


def codes(token: Token) -> list[str]:
    """Return the code spans of one inline token."""
    return [child.content for child in token.children or [] if child.type == "code_inline"]


class Reader:
    """A document by section: `path` is the headings down to where something stands."""

    def __init__(self, document: str) -> None:
        self.headings: list[str] = []
        self.tables: list[tuple[str, list[list[Token]]]] = []
        self.items: list[tuple[str, str]] = []
        self.lines: list[tuple[str, str]] = []
        self.blocks: list[tuple[str, str, str]] = []
        path: list[str] = []
        tokens = MarkdownIt("commonmark").enable("table").parse(document)
        for i, token in enumerate(tokens):
            where = " / ".join(path[1:])
            if token.type == "heading_open":
                path = [*path[: int(token.tag[1]) - 1], text(tokens[i + 1])]
                self.headings.append(path[-1])
            elif token.type == "table_open":
                self.tables.append((where, []))
            elif token.type == "tr_open":
                self.tables[-1][1].append([])
            elif token.type in ("td_open", "th_open"):
                self.tables[-1][1][-1].append(tokens[i + 1])
            elif token.type == "fence":
                self.blocks.append((where, token.info, token.content))
            elif token.type == "inline" and tokens[i - 2].type == "list_item_open":
                self.items.append((where, text(token)))
            elif token.type == "inline" and tokens[i - 1].type == "paragraph_open":
                self.lines += [(where, line) for line in text(token).split("\n")]
            else:
                assert token.type not in ("html_block", "code_block", "hr", "blockquote_open", "ordered_list_open")

    def rows(self, section: str) -> Iterator[dict[str, Token]]:
        """Return the rows of all tables below headings with this end."""
        for where, (head, *body) in self.tables:
            if where.endswith(section):
                yield from (dict(zip(map(text, head), row, strict=True)) for row in body)

    def plan(self) -> dict[str, Any]:
        """Join the contents of the YAML blocks."""
        out: dict[str, Any] = {}
        for _, kind, content in self.blocks:
            if kind == "yaml":
                source = parse("block", content)
                assert not source.diagnostics and source.data is not None
                assert not out.keys() & source.data.keys()
                out |= source.data
        return out
