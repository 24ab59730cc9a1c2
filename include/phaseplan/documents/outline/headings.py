"""Read headings that number something: groups such as `Wave 2: Core (done)`, units such as `Task 3: Store`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from phaseplan.documents.outline.ids import CODE
from phaseplan.documents.outline.lines import Line
from phaseplan.documents.outline.text import plain, planned, size

_STAGES = {"阶段", "階段", "フェーズ", "단계", "этап", "фаза"}
GROUPS = {
    "wave", "phase", "stage", "batch", "sprint", "tier", "iteration", "round", "layer", "milestone", "epic", "track",
    "welle", "etappe", "stufe", "vague", "\u00e9tape", "lot", "ola", "oleada", "etapa", "fase", "onda",
    "ondata", "golf",
    "v\u00e5g", "fala", "\u0432\u043e\u043b\u043d\u0430", "dalga", *_STAGES,
}  # fmt: skip
WAVES = GROUPS - {"phase", "epic", "track", "milestone", "fase", "etapa", "\u00e9tape"} - _STAGES
#: What headings of acceptance criteria, risks and notes say in other languages: what stands below is no work.
CRITERIA = (
    r"kriteri|abnahme|akzeptanz|risiken|notizen|criterios|aceptación|riesgos|notas\b|critérios|aceitação|"
    r"riscos|critères|acceptation|risques|验收|驗收|^[\W\d]*风险|备注|受け入れ|"
    r"完了条件|^[\W\d]*リスク|인수|완료 (?:기준|조건)|^[\W\d]*위험|критери|"
    r"при[её]мк|^[\W\d]*риск"
)
PHASES = {"phase", "fase"}
_NO_UNITS = {
    "version", "figure", "table", "appendix", "section", "chapter", "option", "day", "week", "level", "step", "part",
    "release", "example", "requirement", "note", "risk", "decision", "criterion", "scenario", "question", "agent",
    "month", "year", "python", "node", "http", "web", "top", "priority", "goal", "principle", "rule", "adr", "rfc",
}  # fmt: skip
_COUNT = {word: str(n) for n, word in enumerate(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 1)}  # fmt: skip
_NUMBERED = re.compile(
    rf"(?P<word>[^\W\d_]{{2,20}})(?:[ \t]*#[ \t]*|-(?=(?-i:[A-Z])\b(?:\s*[:.)\u2013\u2014]|\s+-|\s*$))|"
    rf"[ \t]+(?:no\.?[ \t]*)?)(?P<label>\d{{1,5}}(?:\.\d{{1,3}}){{0,2}}(?:[a-z](?:-\d{{1,3}})?)?|(?-i:[A-Z])(?![\w])|"
    rf"{'|'.join(_COUNT)})(?P<rest>(?![\w.]*\d)\b.*|\s*[:.\u2013\u2014-].*)",
    re.IGNORECASE,
)
_CODED = re.compile(
    rf"\[?(?P<label>{CODE}|#\d{{1,6}})\]?(?P<rest>(?:\s*[:.)|\u2013\u2014]|\s+-|\s+(?=[^\W\d_\[`])|\s*$).*)"
)
_SEPARATOR = re.compile(r"^\s*(?:[:\uff1a.|)\]\u2013\u2014\u00b7-]+\s*)?")
_DONE = re.compile(
    r"\b(?:done|finished|completed?|merged|shipped|released|closed|erledigt|fertig|abgeschlossen|termin\u00e9e?|hecho|"
    r"completad[oa]|conclu\u00edd[oa]|fatto|\u5df2?\u5b8c\u6210|\u5b8c\u4e86|\uc644\ub8cc)\b|\u2705|\u2714|\u2611",
    re.IGNORECASE,
)
_CANCELLED = re.compile(
    r"\W*(?:cancell?ed|duplicate|abandoned|won'?t (?:do|fix)|wontfix|dropped|rejected|obsolete|abgebrochen|verworfen|"
    r"cancelad[oa]|annul\u00e9e?|\u5df2?\u53d6\u6d88)\W*",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(r"\b(?:not|to be|until|when|definition of|nicht|noch|to)\b", re.IGNORECASE)
_BEFORE = re.compile(r"\s*[(\[](?P<aside>[^()\[\]]*)[)\]]\s*(?:[:\u2013\u2014]|-\s)\s*(?P<rest>\S.*)")
_ASIDE = re.compile(r"\s*[(\[](?P<aside>[^()\[\]]*)[)\]]\s*(?P<after>\W{0,4}(?:MVP)?\W{0,4})$")


_REMARK = re.compile(
    rf"\W*(?:p\d|prio\w*|mvp|us\d|optional|parallel\w*|sequential|inserted|day|week|tag|woche|phase|wave|agent|max|est|"
    rf"no dep\w*|blocks|blocked|after|before|depends|needs|requires|parallel|branch|#\d|{CODE}\b|"
    rf"\d+(?: ?(?:points?|pts?|sp))?\W*$)|\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """Hold what a heading numbers: `word` is empty for an id of its own such as `W3`."""

    word: str
    label: str
    title: str
    shown: str
    asides: tuple[str, ...]
    done: bool

    @property
    def number(self) -> int | None:
        """Return the number of a group; None for `A` and `2.1`."""
        return int(self.label) if self.label.isdecimal() else None

    @property
    def whole(self) -> str:
        """Return the title with what stands in brackets behind it, as far as that is the title's own."""
        return own_words(self.title, self.asides)


@lru_cache(maxsize=4096)
def numbered(text: str) -> Numbered | None:
    """Read a heading's text; None if it numbers nothing."""
    bare = plain(re.sub(r"^\s*\[[ xX]\]\s*", "", text))
    bare = re.sub(
        r"^\W{0,4}(?=\w|#\d)", lambda m: "#" if m[0].endswith("#") else "[" if m[0].endswith("[") else "", bare
    )
    done = _DONE.search(text)
    finished = bool(done and not _NOT_DONE.search(bare))
    if (match := _NUMBERED.match(bare)) and match["word"].lower() not in _NO_UNITS:
        title, asides = titled(match["rest"])
        label = _COUNT.get(match["label"].lower(), match["label"])
        shown = f"{match['word']}{'-' if bare[match.end('word')] == '-' else ' '}{match['label']}"
        return Numbered(match["word"].lower(), label, title, shown, asides, finished and _of_state(asides, title, text))
    if (match := _CODED.match(bare)) and not re.fullmatch(
        r"(?:v|V|P|US|FR|NFR|AC|ADR|RFC|UTF|SHA|MD|ES|HTTP)-?\d+", match["label"]
    ):
        title, asides = titled(match["rest"])
        return Numbered("", match["label"], title, match["label"], asides, finished and _of_state(asides, title, text))
    return None


def _of_state(asides: tuple[str, ...], title: str, text: str) -> bool:
    """Say whether `done` is a remark behind the title and not a word of it."""
    return any(_DONE.search(aside) for aside in asides) or not _DONE.search(title) or "\u2705" in text


def titled(rest: str) -> tuple[str, tuple[str, ...]]:
    """Split what follows a number into its title and the remarks in brackets at its end."""
    if (before := _BEFORE.match(rest)) is not None:  # `(Day 1): Foundations`
        title, after = titled(before["rest"])
        return title, (before["aside"], *after)
    title, asides = _SEPARATOR.sub("", rest, count=1).strip(), []
    while (match := _ASIDE.search(title)) and match.start() > 0:
        asides.append(match["aside"])
        title = title[: match.start()].strip()
    if (whole := re.fullmatch(r"[(\[]([^()\[\]]*)[)\]]", title)) is not None:
        return "", (whole[1], *asides)
    state = re.search(r"\s+[-\u2013\u2014|:]\s+(done|finished|complete[d]?|merged)$", title, re.IGNORECASE)
    if state is not None:
        asides.append(state[1])
        title = title[: state.start()]
    return title.rstrip(" :"), tuple(asides)


def own_words(title: str, asides: tuple[str, ...]) -> str:
    """Put back what stands in brackets behind a title, unless it says a state, a size, a time or a need."""
    own = [
        aside for aside in reversed(asides)
        if not (_REMARK.match(aside) or _DONE.search(aside) or size(aside) or planned(aside))
    ]  # fmt: skip
    return " ".join([title, *(f"({aside})" for aside in own)]) if title else title


def is_group(line: Line) -> Numbered | None:
    """Return what a heading groups: `## Wave 2: Core`, `## Epic 3`; None if it groups nothing."""
    head = numbered(line.text)
    return head if head is not None and head.word in GROUPS else None


def is_done(text: str) -> bool:
    """Say whether a text, of a cell or a status, says that its unit is done."""
    bare = plain(text).strip(" .!")
    return bool(bare) and len(bare) < 40 and _DONE.search(text) is not None and not _NOT_DONE.search(bare)


def state(text: str) -> str | None:
    """Return the state that a status gives its unit, if it is not to be built: `done` or `cancelled`."""
    return "cancelled" if _CANCELLED.fullmatch(plain(text).strip(" .!")) else "done" if is_done(text) else None
