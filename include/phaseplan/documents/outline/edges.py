"""Read what a document says between its units: `T012 before T014`, `A -> B`, arrows of a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from phaseplan.documents.importing.flowchart import flowchart
from phaseplan.documents.outline.attributes import FEEDS, NEEDS
from phaseplan.documents.outline.ids import CODE, ONE, Known
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At
from phaseplan.documents.outline.text import plain, size

_SENTENCE = re.compile(
    rf"(?P<left>.+?)\s*(?:(?P<needs>(?<![\w-])(?:{NEEDS})(?![\w-]))|(?P<feeds>(?<![\w-])(?:{FEEDS})(?![\w-])))\s*:?\s*(?P<right>.+)",
    re.I,
)
_ARROW = re.compile(r"\s*(?:\u2192|-{1,3}>|=>|\u27f6|\u2500+[>\u25b6\u25ba])\s*")
_PLAIN = ("", "text", "txt", "plaintext")  # languages of code that is drawn by hand
_MENTION = re.compile(rf"(?<![\w./-])(?:{ONE})(?![\w/]|\.\d|-\w)")
_FREE = re.compile(
    r"\b(?:no|without)\s+(?:\w+\s+)?(?:dependenc|prerequisit)|\bindependent\b|\bnothing\b|in parallel|parallel with",
    re.IGNORECASE,
)


def read(doc: Document, known: Known, used: set[int]) -> Iterator[tuple[At[tuple[str, str]], bool]]:
    """Yield edges (needed, who needs it) of lines that no reader used; False: it says that there are none."""
    critical = False
    for line in doc.lines:
        if line.kind == "heading":
            critical = "critical path" in line.text.lower()
        if line.kind == "code" and line.language in _PLAIN and not critical:
            steps = [known.listed(part) for part in _ARROW.split(line.raw.strip())]
            for pair in _pairs(steps) if all(steps) else ():
                yield At(pair, line.number), True
        if critical or line.number in used or line.kind not in ("text", "item"):
            continue
        text = line.plain
        if not _MENTION.search(text):
            continue
        if "critical path" in text.lower():
            continue  # a claim, not an order
        if _FREE.search(text) and not re.search(r"\bblocks\b", text):
            if known.meant(_FREE.split(text)[0]).ids:
                yield At(("", ""), line.number), False
            continue
        for pair in _line(text, known):
            yield At(pair, line.number), True


def _line(text: str, known: Known) -> Iterator[tuple[str, str]]:
    chain = [known.meant(part) for part in _ARROW.split(text)]
    if len(chain) > 1:
        if all(part.ids and not part.unread for part in chain):
            yield from _pairs([part.ids for part in chain])
        return
    for sentence in re.split(r"(?<=[.;])\s+", text):
        match = _SENTENCE.fullmatch(sentence.rstrip(".;"))
        if match is None:
            continue
        right = known.meant(re.sub(r"^(?:all|both)\s+", "", match["right"]))
        if match["needs"] and (story := known.story(match["left"])):  # what stands before it is none of its doing
            yield from ((a, b) for a in right.ids for b in story if known.place[a] < known.place[b])
            continue
        left = known.meant(match["left"])
        if not left.ids or not right.ids or left.unread:
            continue
        needed, by = (right.ids, left.ids) if match["needs"] else (left.ids, right.ids)
        yield from ((a, b) for a in needed for b in by if a != b)


def _pairs(steps: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield the edges between each step and the next."""
    for before, after in pairwise(steps):
        yield from ((a, b) for a in before for b in after)


def looks_drawn(line: Line) -> bool:
    """Say whether a line of plain code is `T1 --> T2`, of ids alone."""
    chain = _ARROW.split(line.raw) if line.kind == "code" and line.language in _PLAIN else []
    return len(chain) > 1 and all(re.fullmatch(rf"#\d{{1,6}}|{CODE}", part.strip()) for part in chain)


def graph(doc: Document, known: Known) -> Iterator[tuple[At[tuple[str, str]], bool]]:
    """Yield the edges of mermaid graphs between nodes that are units; False: an arrow at a node that is none."""
    for text, first in _graphs(doc):
        chart = flowchart(text, first)
        if chart is None:
            continue
        unit = {key: _node(key, [label for label, _ in node.labels], known) for key, node in chart.nodes.items()}
        for key, node in chart.nodes.items():
            _title(known, unit[key], [label for label, _ in node.labels])
        for edge in chart.edges:
            needed, by = unit.get(edge.start), unit.get(edge.end)
            yield At((needed or "", by or ""), edge.line), bool(needed and by)


def _node(key: str, labels: list[str], known: Known) -> str | None:
    for label in (*labels, key):
        text = re.sub(r"<br\s*/?>.*", "", label, flags=re.IGNORECASE | re.DOTALL).strip(' "')
        start = re.match(rf"(?:[^\W\d_]{{2,12}}\s+)?(?:{ONE})(?![\w/]|\.\d)", text)
        for form in (text, start[0] if start else ""):
            if form and (unit := known.one(form)) is not None:
                return unit
    return None


def critical(doc: Document, known: Known) -> Iterator[At[tuple[str, ...]]]:
    """Yield the critical paths that a document claims."""
    below = False
    for line in doc.lines:
        named = "critical path" in line.raw.lower()
        below = named if line.kind == "heading" else below
        if line.kind not in ("text", "item", "code") or not (below or named):
            continue
        steps = [
            known.meant(step) for step in _ARROW.split(re.sub(r"^.*?critical path\W*", "", line.plain, flags=re.I))
        ]
        if len(steps) > 1 and all(len(step.ids) == 1 for step in steps):
            yield At(tuple(step.ids[0] for step in steps), line.number)


def sizes(doc: Document, known: Known) -> bool:
    """Say whether a node of a graph gives a unit another size than the unit has."""
    for text, first in _graphs(doc):
        chart = flowchart(text, first)
        for key, node in chart.nodes.items() if chart is not None else ():
            unit = _node(key, [label for label, _ in node.labels], known)
            counts = {count for label, _ in node.labels if (count := size(label)) is not None}
            own = known.units[known.place[unit]].lines if unit else None
            if counts and own is not None and own.value not in counts:
                return True
    return False


def _title(known: Known, unit: str | None, labels: list[str]) -> None:
    """Give a unit without a title the words of its node."""
    if unit is not None and labels and not known.units[known.place[unit]].title:
        first = re.split(r"<br\s*/?>|\\n", labels[-1], maxsplit=1, flags=re.IGNORECASE)[0]
        match = re.match(rf"\W*(?:{ONE})\s*[:.\u2013\u2014-]*\s*(.*)", first)
        known.units[known.place[unit]].title = plain(match[1] if match else "")


def _graphs(doc: Document) -> Iterator[tuple[str, int]]:
    lines: list[Line] = []
    for line in [*doc.lines, Line(0, "blank", "")]:
        if line.kind == "code" and line.language == "mermaid" and (line.raw or lines):
            lines.append(line)
        elif lines:
            yield "\n".join(inner.raw for inner in lines), lines[0].number
            lines = []


def mentions(text: str) -> bool:
    """Say whether a line looks as if it told what needs what: an id on both sides of such words."""
    if len(text) > 300 or len(_MENTION.findall(text)) < 2 or "critical path" in text.lower():  # a claim
        return False
    match = _SENTENCE.fullmatch(text.rstrip(".;"))
    if match is None:
        return False
    sides = [any(not m[0].isdecimal() for m in _MENTION.finditer(match[side])) for side in ("left", "right")]
    return all(sides)
