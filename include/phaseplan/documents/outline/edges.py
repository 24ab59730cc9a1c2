"""Read what a document says between its units: `T012 before T014`, `A -> B`, arrows of a graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from phaseplan.documents.importing.flowchart import flowchart
from phaseplan.documents.outline.attributes import FEEDS, NEEDS
from phaseplan.documents.outline.ids import CODE, ONE, Known
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Trouble
from phaseplan.documents.outline.text import git_names, plain, size

_VERB = re.compile(rf"(?<![\w-])(?:(?P<needs>{NEEDS})|(?P<feeds>{FEEDS}))(?![\w-])\s*:?", re.IGNORECASE)
_JOINT = re.compile(
    r"\s*[,;]\s*(?:\b(?:and|while|but|und|y|et)\b\s*)?|\s*\b(?:and|while|but|und|y|et)\b\s*", re.IGNORECASE
)
_END = re.compile(r"(?<=[.;])\s+")  # of a sentence
_ARROW = re.compile(r"\s*(?:\u2192|-{1,3}>|=>|\u27f6|\u2500+[>\u25b6\u25ba])\s*")
_PLAIN = ("", "text", "txt", "plaintext")  # languages of code that is drawn by hand
_A_UNIT = r"(?:tasks?|stor(?:y|ies)|prs?|issues?) #?\d"
_OF_UNIT = re.compile(  # `depends on the login form of Story 1.2`, `Story 1.2 must be done first`
    r"\b(?:depend(?:s|ed|ent|ing)? (?:up)?on|(?:un)?blocked (?:by|until)|requires?|blocks|needs?|builds on|"
    rf"waits? (?:for|on)|after|follows) (?:(?!{_A_UNIT})[\w'-]+ ){{0,5}}{_A_UNIT}|"
    rf"{_A_UNIT}[\d.]* (?:must|has to|have to|needs? to|should) (?:be )?(?:\w+ )?(?:first|before)\b",
    re.IGNORECASE,
)
_OF_KEY = re.compile(  # a key that no word is known of: `Unlocked with: Task 2`
    r"(?!.*(?:parallel|relate|see\b|independent|number))[^\W\d][^:\d]{2,40}:\W*"
    r"(?:task|story|pr|issue)s? #?\d[\d., and#-]*",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_MENTION = re.compile(rf"(?<![\w./-])(?:{ONE})(?![\w/]|\.\d|-\w)")
_FREE = re.compile(
    r"\b(?:no|without)\s+(?:\w+\s+)?(?:dependenc|prerequisit)|\bindependent\b|\bnothing\b|in parallel|parallel with",
    re.IGNORECASE,
)


def read(doc: Document, known: Known, outline: Outline) -> Iterator[tuple[At[tuple[str, str]], bool]]:
    """Yield edges (needed, who needs it) of lines that no reader used; False: it says that there are none.

    What a line says besides them, and is not understood, is reported.
    """
    critical = False
    for line in doc.lines:
        if line.kind == "heading":
            critical = "critical path" in line.text.lower()
        if line.kind == "code" and line.language in _PLAIN and not critical:
            steps = [known.listed(part) for part in _ARROW.split(line.raw.strip())]
            for pair in _pairs(steps) if all(steps) else ():
                yield At(pair, line.number), True
        if critical or line.number in outline.used or line.kind not in ("text", "item"):
            continue
        text = line.plain
        if not _MENTION.search(text) and not git_names(text):
            continue
        if "critical path" in text.lower():
            continue  # a claim, not an order
        if _FREE.search(text) and not re.search(r"\bblocks\b", text):
            if known.meant(_FREE.split(text)[0]).ids:
                yield At(("", ""), line.number), False
            continue
        pairs, lost = _line(text, known)
        for pair in pairs:
            yield At(pair, line.number), True
        for part in lost if pairs else ():
            message = f"`{part[:120]}` in this line looks like a dependency, and was not used"
            outline.troubles.append(Trouble("PP916", line.number, message, "say it in a sentence of its own"))


def _line(text: str, known: Known) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the edges of a line, and the parts of it that look like some and say none."""
    chain = [known.meant(part) for part in _ARROW.split(text)]
    if len(chain) > 1:
        whole = all(part.ids and not part.unread for part in chain)
        return list(_pairs([part.ids for part in chain])) if whole else [], []
    pairs: list[tuple[str, str]] = []
    lost: list[str] = []
    for sentence in _END.split(text):
        several = clauses(sentence, lambda part: bool(known.meant(part).ids))
        each = [_edges(clause, known) for clause in several]
        pairs += [pair for edges, _ in each for pair in edges]
        lost += [part for _, unread in each for part in unread]
        lost += [sentence] if not any(edges for edges, _ in each) and mentions(sentence) else []
    return pairs, lost


def _edges(clause: tuple[str, str, bool], known: Known) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the edges of one clause, and what it names besides known units."""
    before, after, needs = clause
    right = known.meant(re.sub(r"^(?:all|both)\s+", "", after))
    lost = [part for part in right.unread if _ids(part)]
    if needs and (story := known.story(before)):  # what stands before it is none of its doing
        return [(a, b) for a in right.ids for b in story if known.place[a] < known.place[b]], lost
    left = known.meant(before)
    if not left.ids or left.unread:
        return [], [f"{before} ... {after}"] if _ids(after) else []
    needed, by = (right.ids, left.ids) if needs else (left.ids, right.ids)
    return [(a, b) for a in needed for b in by if a != b], lost


def clauses(sentence: str, holds: Callable[[str], bool]) -> list[tuple[str, str, bool]]:
    """Split `#2 depends on #1 and blocks #3` into clauses: left, right, whether the left one needs the right one.

    :param holds: whether a text means units; words like `before` without any behind them are none between units.
    Returns nothing where it is open which unit is of which clause, and of a question.
    """
    bare = re.sub(r"\([^()]*\)", lambda match: "_" * len(match[0]), sentence)
    every = list(_VERB.finditer(bare))
    if not every:
        return []
    stops = [*(verb.start() for verb in every[1:]), len(bare)]
    spans = [(verb, verb.end(), stop) for verb, stop in zip(every, stops, strict=True)]
    spans = [span for span in spans if len(spans) == 1 or _ids(part := sentence[span[1] : span[2]]) or holds(part)]
    if not spans or bare.rstrip().endswith("?"):
        return []
    out: list[tuple[str, str, bool]] = []
    left = sentence[: spans[0][0].start()].strip(" ,;.")
    for (verb, start, stop), following in zip(spans, [*spans[1:], None], strict=True):
        right, after = sentence[start:stop].strip(" ,;."), left
        if following is not None:
            joints = list(_JOINT.finditer(bare, start, stop))
            words = {one[0].lower().strip(" :") for one in (verb, following[0])}
            chained = words == {"then"} or not joints
            if len(joints) > 1 or (chained and len(words) > 1):
                return []
            right = sentence[start : joints[0].start() if joints else stop].strip(" ,;.")
            subject = sentence[joints[0].end() : stop].strip() if joints else ""
            alone = right if chained else left  # `A then B, then C`, `A needs B and blocks C`
            after = right if subject in ("which", "that") else subject or alone
        if not left or not right:
            return []
        out.append((left, right, verb["needs"] is not None))
        left = after
    return out


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
    if len(text) > 300 or not (_DIGIT.search(text) or "/" in text):
        return False
    if _OF_UNIT.search(text) or _OF_KEY.fullmatch(text):
        return True
    if len(_MENTION.findall(text)) + len(git_names(text)) < 2 or "critical path" in text.lower():  # a claim
        return False
    return any(map(_looks_said, _END.split(text)))


def _looks_said(sentence: str) -> bool:
    """Say whether an id is on both sides of such words, or of the comma behind `After #1 is dug, dig #2`."""
    for verb in _VERB.finditer(sentence):
        left, right = sentence[: verb.start()], sentence[verb.end() :]
        if not left.strip():
            left, _, right = right.partition(",")
        if _ids(left) and _ids(right):
            return True
    return False


def _ids(text: str) -> list[str]:
    """List the ids in a text, without bare numbers."""
    return git_names(text) + [match[0] for match in _MENTION.finditer(text) if not match[0].isdecimal()]
