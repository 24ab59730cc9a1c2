"""Read ties between phases: `Depends On`, `Blocks`, `Independent From`, as keys, sentences, tables and headings."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from phaseplan.documents.importing.facts import Facts, Said, Ties
from phaseplan.documents.importing.statements import Statement
from phaseplan.documents.importing.words import ids, numbers
from phaseplan.documents.outline.attributes import kind_of, phases
from phaseplan.documents.outline.ids import nothing

_TIED = re.compile(
    r"\W*(?:phase \d+ |it |this phase )?(?:is )?(depends on|requires|needs|presupposes|blocks|"
    r"independent (?:of|from))\s+"
    r"(?:phases?\s*\d|nothing\b|no (?:other )?phase)",
    re.I,
)
_BLOCKED = re.compile(r"(.*\bphases?\s*\d.*)\b(?:is|are) blocked (?:until|by)\b", re.I)
_WAITS = re.compile(
    r"(.*\bphases?\s*\d.*)\b(?:(?:waits?|depends?) (?:for|on) (?:it|this|us)|"
    r"(?:cannot|can't|can not|must not) (?:start|begin) (?:before|until))\b",
    re.I,
)
_BEFORE = re.compile(r".*\bbefore ((?:the )?phases?\s*\d.*?) (?:can|may|could) (?:start|begin)\b", re.I)
_LIST = r"(phases?\s*\d+(?:\s*(?:,|and|&|, and)\s*(?:phase\s*)?\d+\b)*)"
_BUILDS = re.compile(rf"\bbuilds? (?:up)?on {_LIST}", re.I)
_REQUIRED = re.compile(rf"\b(?:is |are )?required by {_LIST}", re.I)
_APART = re.compile(
    r".*\bphases?\s*\d.*\b(?:independent (?:from|of) (?:it|this|us)|(?:not|un)\W?affected|"
    r"nothing to do with (?:it|this|us))\b",
    re.I,
)
_KINDS = (
    ("depends", r"(?:phase )?(?:presupposes|prerequisite phases?|hard dependencies|(?:phase )?dependencies)"),
    ("blocks", r"(?:phase )?(?:(?:phases )?waiting(?: phases| for (?:this one|it|us))?|blocked phases|"
     r"(?:what )?(?:this phase |phase \d+ )(?:unlocks|enables|unblocks|blocks))"),
    ("independent", r"(?:phase )?(?:is )?independent (?:from|of)(?: phases?)?|(?:can run )?(?:in )?parallel with|"
     r"no relation|unrelated(?: phases?)?"),
)  # fmt: skip


def sentences(s: Statement, facts: Facts) -> bool:
    """Read `Phase 10 depends on Phase 5 and Phase 9. It blocks nothing.`; return True if it is about other phases."""
    tied = False
    if "phase" not in s.low and "nothing" not in s.low:
        return False
    for sentence in re.split(r"(?<=[.;])\s", s.value):
        if (match := _TIED.match(sentence)) is not None:
            tied |= tie(replace(s, value=sentence[match.end(1) :].strip()), match[1].lower(), facts)
        elif (match := _BLOCKED.match(sentence) or _WAITS.match(sentence) or _BEFORE.match(sentence)) is not None:
            clause = re.split(r",\s+(?:and|but)\s+", match[1])[-1]
            facts.blocks.append(Said(phases(re.sub(r"\s*\([^)]*\)", "", clause)), s.line))
        elif _APART.match(sentence):
            facts.independent.append(Said(phases(sentence), s.line))
        if not tied:
            facts.depends += [Said(phases(match[1]), s.line) for match in _BUILDS.finditer(sentence)]
            facts.blocks += [Said(phases(match[1]), s.line) for match in _REQUIRED.finditer(sentence)]
    return tied


def tie(s: Statement, key: str, facts: Ties) -> bool:
    """Read `Depends On`, `Blocks`, `Independent From`, as keys, parents or headings."""
    key = re.sub(r"[_\s]+", " ", re.sub(r"^\W+", "", key)) if key else ""
    for at, text in enumerate(
        (
            key,
            *(p.lower().replace("_", " ") for p in reversed(s.parents)),
            *(h.lower() for h in reversed(s.context.headings[-1:])),
        )
    ):
        for target in _targets(text, facts) if not s.context.branch else ():
            if at and s.kind == "text" and not s.key and not re.match(r"\W*(?:phases?\s*\d|no)", s.value, re.I):
                continue
            phase_numbers = phases(s.whole if at else s.value)
            if not phase_numbers and at == 0 and re.search(r"\d", s.value) and not ids(s.value):
                bare = re.sub(r"\([^)]*\)", "", s.value)
                phase_numbers = tuple(numbers(bare)) if re.fullmatch(r"\W*[\d, and]+\W*", bare) else ()
            if phase_numbers or nothing(s.value):
                target.append(Said(phase_numbers if not nothing(s.value) else (), s.line))
            return at == 0 or bool(phase_numbers)
    return False


@lru_cache(maxsize=4096)
def _kinds(text: str) -> tuple[str, ...]:
    """Return which ties a key, a parent or a heading names."""
    bare = re.sub(r"\s*\(.*\)$", "", text.split(":", 1)[0])
    kinds = [name for name, pattern in _KINDS if re.fullmatch(pattern, bare)]
    of_all = kind_of(re.sub(r"^phase (?!\d)| phases?$", "", bare))
    return tuple(kinds) or {"needs": ("depends",), "feeds": ("blocks",)}.get(of_all or "", ())


def _targets(text: str, facts: Ties) -> list[list[Said[tuple[int, ...]]]]:
    return [getattr(facts, name) for name in _kinds(text)]


def relation(s: Statement, facts: Facts) -> bool:
    """Read `Phase 7: Type checker` beside `Phase 8 depends on it`, and `Phase 8: Code generation` of itself."""
    if "phase" not in s.key.lower():
        return False
    phase_numbers, own = phases(s.key), facts.phases[0].value if facts.phases else None
    if len(phase_numbers) != 1 or not re.match(r"\W*phase\b", s.key, re.I):
        return False
    us = rf"(?:phase 0*{own}|this(?: phase)?|us|it|here)\b" if own is not None else r"(?:this(?: phase)?|us|it)\b"
    if phase_numbers[0] == own:
        if re.fullmatch(r"\W*phase\s*\d+\W*", s.key, re.I) and re.search(r"[A-Za-z]{3}", s.value):
            facts.titles.insert(0, Said(s.value, s.line))
        return False
    if re.match(r"\W*independent\b", s.value, re.I) or re.search(rf"\bindependent (?:from|of) {us}", s.value, re.I):
        facts.independent.append(Said(phase_numbers, s.line))
    elif re.search(
        rf"(?:^\W*|\b)(?:{us} depends on it|{us} needs it)\b|"
        rf"^\W*(?:{us} )?(?:depends on it|requires it|needs it|prerequisite|required|needed)\b",
        s.value,
        re.I,
    ):
        facts.depends.append(Said(phase_numbers, s.line))
    elif re.search(rf"(?:^|\W)(?:is )?(?:blocked by|depends on|waits for|needs|requires) {us}", s.value, re.I):
        facts.blocks.append(Said(phase_numbers, s.line))
    else:
        return False
    return True
