"""Parse mermaid flowcharts into nodes and edges with lines; other modules decide what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST = 1_999  # characters of a line; a longer one was cut off, and is no hand-written graph
MOST_EDGES = 20_000  # `A & B --> C & D` multiplies

_NODE = re.compile(r"\s*([A-Za-z0-9_](?:[\w.]|-(?=\w))*)")
_CLOSERS = (
    ("[[", "]]"), ("[(", ")]"), ("[/", "/]"), ("[\\", "\\]"), ("([", "])"), ("(((", ")))"),
    ("((", "))"), ("{{", "}}"), ("[", "]"), ("(", ")"), ("{", "}"), (">", "]"),
)  # fmt: skip
_STYLE = re.compile(r"\s*:::\s*([\w-]+)")
_EDGE = re.compile(
    r"\s*(?P<back><)?(?:"
    r"(?P<hidden>~{3,})"
    r"|(?P<dotted>-\.+-+[>xo]?|-\.+\s(?P<t1>[^|>]{1,200}?)\s\.+-+[>xo]?)"
    r"|(?P<thick>={2,}(?:>|[xo](?=\s))|==\s(?P<t2>[^|>=]{1,200}?)\s={2,}[>xo]?|={3,})"
    r"|(?P<solid>-{2,}(?:>|[xo](?=\s))|--\s?(?P<t3>[^-|>\s][^|>]{0,200}?)\s?-{2,}[>xo]?|-{3,}))"
    r"\s*(?:\|(?P<label>[^|]{0,200})\|)?"
)
_SUBGRAPH = re.compile(r"subgraph\s+([\w.-]+|\"[^\"]*\")?\s*(?:\[\s*\"?(.*?)\"?\s*\])?\s*(.*)")
_SKIPPED = re.compile(r"(?:class|classDef|style|linkStyle|click|direction|accTitle|accDescr)\b")


@dataclass(slots=True)
class Node:
    """Hold one node; `label` is the longest it was ever given, `labels` all of them."""

    key: str
    line: int
    labels: list[tuple[str, int]] = field(default_factory=list)
    group: str = ""  # the innermost subgraph's title, class or comment that it stands under
    style: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """Hold one edge: `end` comes after `start`, as the arrow points."""

    start: str
    end: str
    line: int
    label: str
    dotted: bool


@dataclass(slots=True)
class Flowchart:
    """Hold one graph."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)  # subgraph id -> title


def flowchart(text: str, line: int) -> Flowchart | None:
    """Parse the flowchart in a fence whose first line is `line`; None if it is another kind of diagram."""
    chart = Flowchart()
    stack: list[str] = []
    comment = ""
    begun = False
    for number, raw in enumerate(text.split("\n"), line):
        bare = raw.strip()
        if bare.startswith("%%") or not bare or len(bare) > LONGEST:
            comment = bare.lstrip("% ") if bare.startswith("%%") and not bare.startswith("%%{") else comment
            continue
        if not begun:
            if bare == "---" or re.match(r"(?:title|config)\b.*:", bare):
                continue
            if not re.match(r"(?:graph|flowchart)\b", bare):
                return None
            begun = True
            bare = re.sub(r"^(?:graph|flowchart)(?:-elk)?\s*(?:TD|TB|BT|LR|RL)?\s*;?", "", bare).strip()
        for part in _parts(bare):
            _statement(chart, part, number, stack, comment)
    return chart


def _parts(line: str) -> Iterator[str]:
    """Split a line into statements; a semicolon inside brackets or quotes ends none."""
    depth, quoted, start = 0, False, 0
    for i, c in enumerate(line):
        if c == '"':
            quoted = not quoted
        elif not quoted:
            depth += (c in "[({") - (c in "])}")
            if c == ";" and depth <= 0:
                yield line[start:i].strip()
                start = i + 1
    yield line[start:].strip()


def _statement(chart: Flowchart, text: str, line: int, stack: list[str], comment: str) -> None:
    if text.startswith("subgraph"):
        match = _SUBGRAPH.match(text)
        key, title, after = match.groups() if match else (None, None, "")
        shown = (title or " ".join(filter(None, (key, after)))).strip('" ')
        stack.append(shown)
        chart.groups[(key or shown).strip('"')] = shown
    elif text in ("end", "end;"):
        if stack:
            stack.pop()
    elif text and not _SKIPPED.match(text):
        _chain(chart, text, line, stack[-1] if stack else "", comment)


def _chain(chart: Flowchart, text: str, line: int, group: str, comment: str) -> None:
    """Parse `A & B --> C -->|label| D`."""
    at, before = 0, []  # type: int, list[str]
    link: re.Match[str] | None = None
    arrow = _EDGE.search(text) is not None  # a comment above one is about what it points at
    while at < len(text):
        keys, at = _nodes(chart, text, at, line, group, "" if arrow and link is None else comment)
        if not keys:
            return
        if link is not None:
            _connect(chart, before, keys, link, line)
        before = keys
        link = _EDGE.match(text, at)
        if link is None:
            return
        at = link.end()


def _connect(chart: Flowchart, before: list[str], after: list[str], link: re.Match[str], line: int) -> None:
    arrow = link["dotted"] or link["thick"] or link["solid"] or ""
    if link["hidden"] or (link["back"] and arrow[-1:] == ">"):
        return
    label = next((t for t in (link["label"], link["t1"], link["t2"], link["t3"]) if t), "").strip().strip('"')
    if not link["back"] and arrow[-1:] not in ">xo":  # `---` gives a relation without a direction
        return
    starts, ends = (after, before) if link["back"] else (before, after)
    for start in starts:
        for end in ends:
            if len(chart.edges) < MOST_EDGES:
                chart.edges.append(Edge(start, end, line, label, bool(link["dotted"])))


def _nodes(chart: Flowchart, text: str, at: int, line: int, group: str, comment: str) -> tuple[list[str], int]:
    """Parse one node, or several joined by `&`; return their keys and where they end."""
    keys: list[str] = []
    while (match := _NODE.match(text, at)) is not None:
        key, at = match[1], match.end()
        node = chart.nodes.setdefault(key, Node(key, line, comment=comment))
        node.group = group or node.group
        label, at = _label(text, at)
        if label:
            node.labels.append((label, line))
        style = _STYLE.match(text, at)
        if style is not None:
            node.style, at = style[1], style.end()
        keys.append(key)
        joined = re.compile(r"\s*&").match(text, at)
        if joined is None:
            return keys, at
        at = joined.end()
    return keys, at


def _label(text: str, at: int) -> tuple[str, int]:
    """Parse the text in a node's brackets, whatever their shape."""
    for opener, closer in _CLOSERS:
        if text.startswith(opener, at):
            inside = at + len(opener)
            if text.startswith('"', inside) and (quote := text.find('"', inside + 1)) > 0:
                end = text.find(closer, quote)
            else:
                end = text.find(closer, inside)
            if end < 0:
                return text[inside:], len(text)
            return text[inside:end].strip().strip('"').strip(), end + len(closer)
    return "", at
