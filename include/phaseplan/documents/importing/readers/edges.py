"""Read statements about several branches: which branch needs which, what was split into what."""

from __future__ import annotations

import itertools
import re

from phaseplan.documents.importing.facts import Facts, Mention, Said
from phaseplan.documents.importing.statements import Statement
from phaseplan.documents.importing.words import ids, names
from phaseplan.documents.outline import attributes

_MORE = r"presupposes?|on top of|must wait for|deps?:|dependencies:"  # than the words that all readers know
NEEDS = re.compile(rf"(?<![\w-])(?:{attributes.NEEDS}|{_MORE})(?![\w-])\s*:?\s*([^;\n]+)", re.I)
_FEEDS = re.compile(r"\b(?:(?:un)?blocks?|enables?|(?:is )?(?:required|needed) by|feeds)\b\s*:?\s*([^;\n]+)", re.I)
_ORDER = r"depend|sequence cond|order of work"
ARROW = re.compile(r"\u2192|\u27f6|\u21d2|-+>|=+>|\u2190|<-+")
SPLIT = re.compile(r"\bsplit(?:s|ting)?\b|\bdivided into\b|\b(?:is|was) replaced by\b", re.I)
_SPLITS = ("split", "divided into", "replaced by")
MAYBE = re.compile(
    r"\b(?:if|may|might|could|can|should|contingen\w*|optional\w*|potential\w*|possible|"
    r"possibly|when|exceed\w*|would|needed|candidates?|risk)\b",
    re.I,
)


def read(s: Statement, facts: Facts) -> None:
    """Read `5.2.1 depends on 5.1.1`, `5.1.1 -> 5.2.1`, and under a dependency heading `5.2.1: 5.1.1, 5.1.3`."""
    text = s.whole
    need = NEEDS.search(text)
    feed = _FEEDS.search(text)
    if need or feed:
        match = need or feed
        assert match is not None
        subjects, object_text = ids(text[: match.start()]), re.split(r"[;.]\s", match[1], maxsplit=1)[0]
        objects = ids(re.sub(r"\([^)]*\)", "", object_text)) or ids(object_text)
        vague = match[0].lower().startswith("after") and not re.match(r"\W*\d", text)
        clause = f"{text[: match.start(1)]}{object_text}"
        for one in subjects if len(subjects) <= 4 and not vague and _affirms(clause) else ():
            for other in objects:
                if one != other:
                    facts.edges.append(Said((other, one) if need else (one, other), s.line, "text"))
    elif s.context.under(_ORDER, 1) or s.about(r"depend"):
        if (before := re.fullmatch(r"(.+)\bbefore\b(.+)", text)) and s.kind == "item":
            facts.edges += [Said((a, b), s.line, "text") for a in ids(before[1]) for b in ids(before[2]) if a != b]
        else:
            _chain(s, text, facts)


def by_name(s: Statement, facts: Facts) -> None:
    """Read `feature/a depends on feature/b and feature/c`."""
    need = NEEDS.search(s.raw) if s.kind in ("item", "text") and names(s.raw) else None
    subjects = names(s.raw[: need.start()]) if need else []
    if need and len(subjects) == 1 and names(need[1]) and _affirms(s.raw):
        facts.mentions.append(Mention("text", s.line, name=subjects[0], needs=need[1].rstrip(". ")))


def _affirms(text: str) -> bool:
    sentence = re.sub(r"\([^)]*\)", "", text)
    return not re.search(r"\b(?:not|never|no longer|doesn't|without)\b", sentence, re.I)


def _chain(s: Statement, text: str, facts: Facts) -> None:
    if re.search(r"\b(?:order|sequence|path|timeline)\b", s.key, re.I):
        return
    parts = ARROW.split(text)
    if len(parts) > 1 and not re.search(r"\bwave\b", text, re.I):
        backwards = re.search(r"\u2190|<-", text) is not None
        for a, b in itertools.pairwise(parts):
            pairs = [(x, y) for x in ids(a) for y in ids(b) if x != y]
            facts.edges += [Said((y, x) if backwards else (x, y), s.line, "text") for x, y in pairs]
    elif len(own := ids(s.key)) == 1:
        facts.edges += [Said((needed, own[0]), s.line, "text") for needed in ids(s.value) if needed != own[0]]


def splits(s: Statement, facts: Facts) -> bool:
    """Read `5.2.1 was split into 5.2.1a and 5.2.1b`; a mere possibility does not count."""
    if not any(word in s.low for word in _SPLITS) and not s.context.under(r"\bsplits?\b", 1):
        return False
    split_word = SPLIT.search(s.whole) or (s.context.under(r"\bsplits?\b", 1) and ARROW.search(s.whole))
    if not split_word:
        return False
    branch_ids = ids(s.whole)
    if len(branch_ids) < 3:
        for sentence in re.split(r"(?<=[.;])\s", s.whole):
            if (halved := ids(sentence)) and SPLIT.search(sentence) and not MAYBE.search(sentence):
                facts.halved.append(Said(halved[0], s.line))
        return False
    if not MAYBE.search(s.whole) and not s.context.under(r"contingen|if needed|optional|potential", 1):
        facts.splits.append(Said((branch_ids[0], tuple(branch_ids[1:])), s.line))
    return True
