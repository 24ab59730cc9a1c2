"""Find the labels of branches in a document without ids like `5.1.1`: the kind of label that most places define.

A place defines a label when it begins with it and nothing else does: a cell of a column of ids or titles, a heading, a
list item, a node of a graph. Columns of agents, risks and waves define none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.columns import column
from phaseplan.documents.importing.words import clean, ids

FEWEST = 2  # labels that make a kind


@dataclass(frozen=True)
class Label:
    """Hold one id: as a plan has it, as people read it, and its kind."""

    id: str
    shown: str
    kind: str


_KINDS: tuple[tuple[str, str], ...] = (
    ("ticket", r"[A-Z][A-Z0-9]{1,11}(?:-[A-Z][A-Z0-9]{1,11}){0,3}-\d{1,4}[a-z]?"),
    ("code", r"[A-Z]{1,3}\d{1,2}(?:[._-]?[A-Z]{1,3}\d{1,3}|(?:[._-]\d{1,3}){1,2}|-[A-Z])[a-z]?"),
    ("code", r"[A-Z]{1,3}[-_.]?\d{1,3}[a-z]?"),
    ("word", r"(?P<word>[A-Z][a-z]+(?: [a-z]+)?)s? (?:no\. ?|#)?(?P<number>\d{1,5}(?:\.\d{1,3})?)"),
    ("hash", r"#(?P<number>\d{1,5})"),
    ("pair", r"\d{1,2}\.\d{1,2}[a-z]?"),
)
_NO_WORD = r"(?:wave|stage|batch|sprint|tier|iteration|round|layer|step|phase|agent|day|week|hour|table|figure|section)"
_NO_CODE = re.compile(r"(?:W|P|Q|M|R|G|D|H|V|KR|OKR|SLO|UTF|SHA|HTTP|ISO|RFC|US)-?\d{1,5}")  # waves, priorities, risks
_AFTER = r"(?=\s*(?:$|[:|(\[,]|[-\u2013\u2014]\s|\s))"
_TITLE = re.compile(r"\s*(?:[:.|(\u00b7\u2013\u2014-]|$)|\s+[A-Z\[]")
_NODE = re.compile(r"[\[({>]+\s*\"?\s*([^\]\"<|]{1,120})")
_YAML = re.compile(r"^[ \t]*(?:- )?id:[ \t]*[\"']?([^\n\"'#]{1,40}?)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_ROLE = re.compile(
    r"^\W*(?:agent|engineer|developer|worker|owner)\s+\w{1,8}\s*(?:\u2192|->|:|\u2013|\u2014|-)\s*", re.IGNORECASE
)
_SUM = re.compile(r"\W*(?:grand |sub-?)?(?:total|sum)", re.IGNORECASE)
_OF_BRANCHES = {"needs", "lines", "branch", "owns", "wave", "agent", "duration", "id"}
_NO_COLUMNS = {
    "agent",
    "agents",
    "wave",
    "owner",
    "risk",
    "mitigation",
    "others",
    "needs",
    "feeds",
    "lines",
    "duration",
}


def by_own_words(blocks: list[Block]) -> list[Label]:
    """List the labels of the kind that most branches have, in their order; none if ids are like `5.1.1`."""
    if _usual(blocks):
        return []
    places = [list(place(blocks)) for place in (_in_tables, _in_fences, _in_headings, _in_lists, _in_graphs)]
    found: dict[str, dict[str, Label]] = {}
    for place in places:
        for label in place:
            found.setdefault(label.kind, {}).setdefault(label.id, label)
        kind = max(found, key=lambda kind: len(found[kind]), default="")
        if kind and len(found[kind]) >= FEWEST:
            written = (label for place in places[:-1] for label in place)  # a graph shows other phases' too
            return list((found[kind] | {label.id: label for label in written if label.kind == kind}).values())
    return []


def _usual(blocks: list[Block]) -> bool:
    """Say whether the text has two ids like `5.1.1` of one phase."""
    texts = (part for block in blocks for part in (block.text, *(c for row in block.rows for c in row.cells)))
    first: dict[str, str] = {}
    each = (branch for text in texts for branch in ids(text))
    return any(first.setdefault(branch.split(".")[0], branch) != branch for branch in each)


def _begins(text: str, any_code: bool = False) -> Label | None:
    """Return the label that a cleaned text begins with; `any_code`: also one like those of risks and milestones."""
    for kind, pattern in _KINDS:
        match = re.match(rf"\W{{0,3}}(?P<all>{pattern}){_AFTER}" if kind != "hash" else rf"(?P<all>{pattern})\b", text)
        if match is None:
            continue
        if kind == "word" and re.match(_NO_WORD, match["word"], re.IGNORECASE):
            return None
        if kind == "code" and not any_code and _NO_CODE.fullmatch(match["all"]):
            return None
        number = match["number"] if kind in ("word", "hash") else match["all"]
        return Label(str(int(number)) if number.isdigit() else number, match["all"], kind)
    return None


def _titled(text: str) -> Iterator[Label]:
    """Yield the label that a text begins with, if a title follows."""
    label = _begins(text)
    if label is not None:
        match = _TITLE.match(text, text.find(label.shown) + len(label.shown))
        if match is not None and not (label.kind == "pair" and match[0][-1:].isalpha()):
            yield label


def _in_tables(blocks: list[Block]) -> Iterator[Label]:
    """Yield labels of the first column in which every cell begins with a label of its own."""
    for block in blocks:
        heads = [column(cell) for cell in block.rows[0].cells] if block.kind == "table" else []
        if not _OF_BRANCHES & set(heads) or "risk" in heads:
            continue
        rows = [row for row in block.rows[1:] if sum(map(bool, row.cells)) > 1]  # else a heading between rows
        for i, head in enumerate(heads[:4]):
            cells = [clean(row.cells[i]) for row in rows if i < len(row.cells)]
            cells = [cell for cell in cells if cell and not _SUM.match(cell)]
            labels = [label for cell in cells if (label := _begins(cell, True) or _number(cell, head))]
            alone = len({label.id for label in labels}) == len(labels)
            if head not in _NO_COLUMNS and alone and len(cells) == len(labels) > 0:
                yield from labels
                break


def _number(cell: str, head: str) -> Label | None:
    """Read a bare number in a column of ids."""
    return Label(str(int(cell)), f"#{int(cell)}", "hash") if head == "id" and re.fullmatch(r"\d{1,4}", cell) else None


def _in_headings(blocks: list[Block]) -> Iterator[Label]:
    """Read `### HAI-001: Schema`."""
    texts = (clean(block.text) for block in blocks if block.kind == "heading" and block.level > 1)
    yield from (label for text in texts for label in _titled(text) if label.kind != "pair")


def _in_lists(blocks: list[Block]) -> Iterator[Label]:
    """Read `- **A1**: Schema`."""
    texts = (_ROLE.sub("", clean(block.text.split("\n", 1)[0])) for block in blocks if block.kind == "item")
    yield from (label for text in texts for label in _titled(text))


def _in_fences(blocks: list[Block]) -> Iterator[Label]:
    """Read `- id: OTA-01` of YAML in any shape."""
    for text in _found(blocks, ("yaml", "yml"), _YAML):
        label = _begins(text, True)
        if label is not None and label.shown == text:
            yield label


def _in_graphs(blocks: list[Block]) -> Iterator[Label]:
    """Read `A[HAI-001: Schema]`."""
    labels = (_begins(clean(text)) for text in _found(blocks, ("mermaid",), _NODE))
    yield from (label for label in labels if label is not None)


def _found(blocks: list[Block], languages: Iterable[str], pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield what a pattern finds in fences."""
    fences = (block.text for block in blocks if block.kind == "fence" and block.language in languages)
    yield from (match[1] for text in fences for match in pattern.finditer(text))
