"""Read ids unlike `5.1.1` (`HAI-001`, `A1`, `W2-T3`, `Task 7`, `#37`, `6.3`), and waves called stages or batches.

Everything else reads one kind of id. So a document with another kind is read with stand-ins, `6.0.1` for the first of
its ids, and `Wave 2` for `Stage 2`; what is written or reported has the document's own words again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from phaseplan.documents.importing.blocks import Block, Row
from phaseplan.documents.importing.columns import columns
from phaseplan.documents.importing.labels import Label, by_own_words
from phaseplan.documents.importing.words import clean, names, spelt_out

Read = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
_JOINT = r"\s*(?:,|;|/|&|\+|\band\b|\bor\b)\s*"
_TO = r"\s?(?:-|\u2013|\u2014|\.\.\.?|\bto\b|\bthrough\b)\s?"
_MEASURE = r"\s*(?:%|x\b|k\b|m?s\b|[mg]b\b|h\b|hrs?\b|hours?\b|d\b|days?\b|weeks?\b|min\w*\b|lines\b|loc\b)"
_OF_NUMBERS: tuple[str, ...] = ("id", "needs", "feeds")
_WAVES = ("stage", "batch", "sprint", "tier", "iteration", "round", "layer", "step")
_NUMBER = r"(?=[ _#-]*(?:\d|one\b|two\b|three\b|four\b|five\b|six\b))"
_LEAD = "feature/"  # makes a git name of a text that does not look like one
_IN_CODE = re.compile(r"`[A-Za-z][\w.-]{0,40}(?:/[\w-]{1,80}){1,4}`")
_HEAD = re.compile(r"\W{0,4}\*\*`([A-Za-z][\w.-]{0,40}(?:/[\w-]{1,80}){1,4})`\*\*")
MOST = 2_000  # ids of one document


@dataclass(frozen=True)
class Scheme:
    """Map the document's own ids to stand-ins while it is read."""

    labels: dict[str, Label]  # by stand-in
    reads: tuple[Read, ...]
    numbers: dict[str, str]  # of columns of ids: bare number -> stand-in
    prefix: str  # of every stand-in
    waves: str = ""  # what the document calls its waves
    names: tuple[str, ...] = ()  # git names that nothing else shows to be names

    def block(self, block: Block) -> Block:
        """Replace ids in a block by stand-ins."""
        if not self.reads:
            return block
        rows = block.rows
        if rows:
            where = columns(rows[0].cells)
            bare = {where[kind] for kind in _OF_NUMBERS if kind in where} if self.numbers else set()
            rows = (self._row(rows[0], frozenset()), *(self._row(row, frozenset(bare)) for row in rows[1:]))
        return replace(block, text=self.read(block.text), rows=rows)

    def _row(self, row: Row, bare: frozenset[int]) -> Row:
        return Row(row.line, tuple(self._cell(c) if i in bare else self.read(c) for i, c in enumerate(row.cells)))

    def _cell(self, cell: str) -> str:
        """Read a cell of ids, in which every number is an id."""
        read = self.read(cell)
        return re.sub(r"(?<![\w.])\d{1,5}(?![\w.])", lambda m: self.numbers.get(str(int(m[0])), m[0]), read)

    def read(self, text: str) -> str:
        """Replace ids in a text by stand-ins."""
        for pattern, written in self.reads:
            text = pattern.sub(written, text)
        return text

    def label(self, branch: str) -> str:
        """Return the id behind a stand-in; any other text unchanged."""
        return self.labels[branch].id if branch in self.labels else branch

    def shown(self, text: str) -> str:
        """Replace stand-ins in a text by the document's own words."""
        if self.labels:
            pattern = rf"(?<![\w.]){re.escape(self.prefix)}\d{{1,3}}[a-z]?(?!\w|\.\d)"
            text = re.sub(pattern, lambda m: self.labels[m[0]].shown if m[0] in self.labels else m[0], text)
        if self.names:
            text = re.sub(rf"(?<![\w/]){_LEAD}({'|'.join(map(re.escape, self.names))})(?![\w/-])", r"\1", text)
        if self.waves:
            text = re.sub(rf"\bWave(?=s?{_NUMBER})", self.waves.capitalize(), text)
            text = re.sub(rf"\bwave(?=s?{_NUMBER})", self.waves, text)
        return text


PLAIN = Scheme({}, (), {}, "")


def scheme(blocks: list[Block], stated: Iterable[str], phase: int | None) -> Scheme:
    """Find how a document's ids are to be read; PLAIN: as they are.

    :param stated: ids that YAML in a plan's own shape gives; they decide where there are any.
    """
    texts = [part for block in blocks for part in (block.text, *(c for row in block.rows for c in row.cells))]
    plain = Scheme({}, tuple(_of_waves(waves := _waves(blocks, texts))), {}, f"{phase or 0}.0.", waves)
    own = rf"{phase or 0}\.\d{{1,3}}\.\d{{1,3}}[a-z]?"
    stated = list(stated)
    if any(plain.prefix in text for text in (*texts, *stated)):
        return plain
    if stated:  # they may be anything, and are no words to look for: YAML says all of such a branch
        odd = [Label(id=i, shown=i, kind="stated") for i in stated if not re.fullmatch(own, i)]
        return replace(plain, labels=_stand_ins(odd[:MOST], plain.prefix))
    labels = _of_phase([label for label in by_own_words(blocks) if not re.fullmatch(own, label.id)], phase)
    stand_ins = _stand_ins(labels[:MOST], plain.prefix)
    aliases = {label.id: alias for alias, label in stand_ins.items()}
    unlike = () if any(names(text) for text in texts) else _names(blocks)
    reads = [*plain.reads, *(_of_labels(aliases, labels[0].kind) if labels else ()), *_of_names(unlike)]
    bare = {i: alias for i, alias in aliases.items() if i.isdigit()}
    return replace(plain, labels=stand_ins, reads=tuple(reads), numbers=bare, names=unlike)


def _names(blocks: list[Block]) -> tuple[str, ...]:
    """Find git names in a document where none looks like one: alone in bold code at the head of a section or item."""
    heads = (_HEAD.match(block.text) for block in blocks if block.kind in ("heading", "item"))
    candidates = dict.fromkeys(head[1] for head in heads if head)
    for rows in (block.rows for block in blocks if block.rows):
        at = columns(rows[0].cells).get("branch", -1)
        cells = [row.cells[at].strip() for row in rows[1:] if 0 <= at < len(row.cells)]
        candidates |= dict.fromkeys(cell[1:-1] for cell in cells if _IN_CODE.fullmatch(cell))
    return tuple(candidates) if len(candidates) > 1 else ()


def _of_names(unlike: tuple[str, ...]) -> list[Read]:
    if not unlike:
        return []
    pattern = rf"(?<![\w/])(?:{'|'.join(map(re.escape, sorted(unlike, key=len, reverse=True)))})(?![\w/-])"
    return [(re.compile(pattern), lambda match: _LEAD + match[0])]


def _of_phase(labels: list[Label], phase: int | None) -> list[Label]:
    """Leave out labels of other phases, if most have the form `E6.2.1` of this phase."""
    numbered = {
        label.id: int(m[1]) for label in labels if (m := re.fullmatch(r"[A-Z]+(\d+)\.\d+\.\d+[a-z]?", label.id))
    }
    own = [label for label in labels if numbered.get(label.id, phase) == phase]
    return own if 2 * len(own) > len(labels) else labels


def _stand_ins(labels: list[Label], prefix: str) -> dict[str, Label]:
    """Number the labels: `6.0.1` for the first label; `6.0.1a` for a part of it."""
    whole = {label.id: f"{prefix}{n}" for n, label in enumerate(labels, 1)}
    parts = {label.id: whole[label.id[:-1]] + label.id[-1] for label in labels if label.id[:-1] in whole}
    return {parts.get(label.id, whole[label.id]): label for label in labels}


def _of_labels(aliases: dict[str, str], kind: str) -> list[Read]:
    """Replace ids, lists of their last numbers (`HAI-002/003`) and ranges (`HAI-009-014`, `Tasks 1-3`) by stand-ins."""
    if kind in ("word", "hash"):
        return [_numbered(aliases)]
    stems: dict[str, list[str]] = {}
    for i in aliases:
        if match := re.fullmatch(r"(.*?)\d+[a-z]?", i):
            stems.setdefault(match[1], []).append(i)
    exact = "|".join(re.escape(i) for i in sorted(aliases, key=len, reverse=True))
    stem = "|".join(re.escape(s) for s in sorted(stems, key=len, reverse=True)) or "(?!)"
    after = rf"(?![\w]|[-.]\w|{_MEASURE})" if kind == "pair" else r"(?![\w/]|[-.]\w)"
    listed, ranged = r"(?:/(?:(?P=stem)|[A-Z]{1,3})?\d{1,4})+", rf"{_TO}(?:(?P=stem))?\d{{1,4}}"
    more = rf"(?P<stem>{stem})(?P<first>\d{{1,4}})(?P<rest>{listed}|{ranged})"
    before = r"(?<![\w/.$#-])" if kind == "pair" else r"(?<![\w/.-])"

    def several(match: re.Match[str]) -> str:
        first, numbers = int(match["first"]), [int(n) for n in re.findall(r"\d+", _less(match["rest"], match["stem"]))]
        listed_numbers = (
            [first, *numbers] if "/" in match["rest"] else list(range(first, min(numbers[-1], first + 60) + 1))
        )
        by_number = {int(n[1]): i for i in stems[match["stem"]] if (n := re.search(r"(\d+)[a-z]?$", i))}
        stand_ins = [aliases[by_number[n]] for n in listed_numbers if n in by_number]
        return ", ".join(stand_ins) if stand_ins else match[0]

    return [
        (re.compile(before + more + after), several),
        (re.compile(f"{before}(?:{exact}){after}"), lambda match: aliases[match[0]]),
    ]


def _less(text: str, stem: str) -> str:
    return text.replace(stem, " ") if stem else text


def _numbered(aliases: dict[str, str]) -> Read:
    """Read `Task 7`, `Tasks 1-3 and 5`, `#37, #38`."""
    prefix = rf"(?:\b(?:{_WORDS})s?\s{{0,2}}(?:no\.?\s?|#)?|(?<![\w&#/])#)"
    one = r"\d{1,5}(?:\.\d{1,3})?"
    joint = rf"(?:{_JOINT}|{_TO})(?:{prefix})?{one}(?![\w.%]|{_MEASURE})"
    pattern = re.compile(rf"{prefix}{one}(?![\w%]|\.\d)(?:{joint})*", re.IGNORECASE)

    def several(match: re.Match[str]) -> str:
        text = re.sub(rf"{prefix}", " ", match[0], flags=re.IGNORECASE)
        dotted = re.findall(r"\d+\.\d+", text)
        stand_ins = [aliases[n] for n in dotted or map(str, spelt_out(text)) if n in aliases]
        return ", ".join(stand_ins) if stand_ins else match[0]

    return pattern, several


def _waves(blocks: list[Block], texts: list[str]) -> str:
    """Return what a document without waves calls them; empty: it has waves, or nothing like them."""
    if any(re.search(rf"\bwaves?{_NUMBER}", text, re.IGNORECASE) for text in texts):
        return ""
    headings = [clean(block.text) for block in blocks if block.kind == "heading"]
    cells = [clean(cell) for block in blocks for row in block.rows for cell in row.cells[:1]]
    for word in _WAVES:
        opened = {m[1] for text in (*headings, *cells) if (m := re.match(rf"\W*{word}[ #-]*(\w+)\b", text, re.I))}
        if len(opened & {"0", "1", "2", "3", "4", "one", "two", "three", "One", "Two", "Three", "A", "B"}) >= 2:
            return word
    return ""


def _of_waves(word: str) -> list[Read]:
    if not word:
        return []
    of_columns = re.compile(rf"^(\W*){word}(\W*)$", re.IGNORECASE)
    numbered = re.compile(rf"\b{word}(?=(?:s|es)?{_NUMBER})(?:e(?=s))?", re.IGNORECASE)
    return [(numbered, lambda m: "Wave"), (of_columns, lambda m: f"{m[1]}Wave{m[2]}")]


_WORDS = (
    "task|issue|branch|story|item|effort|ticket|work ?stream|stream|track|feature|work package|unit|job|pr|mr|"
    "deliverable|assignment|brief|slice|chunk"
)
