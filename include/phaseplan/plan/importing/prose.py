"""Statements about the phase and its waves."""

from __future__ import annotations

import re
from collections.abc import Callable

from include.phaseplan.plan.importing.context import wave_of
from include.phaseplan.plan.importing.facts import Facts, Said, Ties
from include.phaseplan.plan.importing.spans import duration
from include.phaseplan.plan.importing.statements import Statement
from include.phaseplan.plan.importing.words import ids, is_none, numbers

_PHASES = re.compile(
    r"\bphases?\s*#?(\d{1,3}(?:\s*(?:[,&/\u2013-]|and|to|through)\s*(?:phase\s*)?\d{1,3}\b(?!\.))*)", re.I
)
_REDUCTION = re.compile(
    r"(\d{1,3})(?:\.\d+)?\s*%\s*(?:(?:time|overall|total|wall[- ]clock|schedule)\s*)?(?:reduction|"
    r"saved|savings?|faster|improvement|less|shorter|decrease|efficien)",
    re.I,
)
_LIMIT = re.compile(
    r"(?:(under|below|less than|fewer than|<(?!=))|(?:max(?:imum)?(?: of)?|at most|no "
    r"more than|not exceed(?:ing)?|up to|within|<=|\u2264|limit(?: of)?:?))\s*(?:~\s*)?(\d{1,"
    r"2},\d{3}|\d{2,5})\s*(?:lines|loc)",
    re.I,
)
_SEPARATE = re.compile(
    r"(?:separate|distinct|own|independent|isolated|different|dedicated|non-overlapping|"
    r"disjoint|exclusive)\s+(?:\w+\s+)?(?:sub-?)?(?:packages?|director(?:y|ies)|modules?|"
    r"namespaces?|folders?)",
    re.I,
)
_PREFIX = re.compile(r"\bprefix\w*\b[^/\n]{0,40}?\s((?:[A-Za-z][\w.-]*/){1,5})(?![\w*])", re.I)
_TIED = re.compile(r"\W*(?:phase \d+ )?(depends on|blocks|independent (?:of|from))\s+phases?\s*\d", re.I)
_NO_PHASE_TITLE = re.compile(r"wave|implementation|execution|parallel|plan\b|optimal|summary|agents?\b", re.I)


def phases(text: str) -> tuple[int, ...]:
    """Phase numbers in a text: `Phase 5, Phases 7-9`."""
    out: list[int] = []
    for match in _PHASES.finditer(text):
        for part in re.split(r"[,&/]|\band\b", match[1]):
            ends = [int(n) for n in re.findall(r"\d+", part)]
            out += range(ends[0], ends[1] + 1) if len(ends) == 2 and 0 < ends[1] - ends[0] < 50 else ends
    return tuple(dict.fromkeys(out))


def read(s: Statement, facts: Facts) -> None:
    """Put what one statement says of the phase and its waves into the facts."""
    for match in _REDUCTION.finditer(s.whole):
        facts.reductions.append(Said(int(match[1]), s.line))
    if (limit := _LIMIT.search(s.whole)) and (
        s.context.under(r"gate|require|criteri|constraint|standard|rule|quality")
        or re.search(r"each|every|all|per[- ]branch|branch(?:es)?", s.whole, re.I)
    ):
        facts.max_lines.append(Said(int(limit[2].replace(",", "")) - bool(limit[1]), s.line))
    if prefix := _PREFIX.search(f"{s.key}: {s.raw}".replace("`", "")):
        facts.prefixes.append(Said(prefix[1], s.line))
    if s.kind == "item" and s.depth == 1 and s.context.headings[-1:] == ("Notes",):  # whatever the note begins with
        about = facts if s.context.wave is None else facts.wave(s.context.wave)
        about.notes.append(Said(s.whole, s.line))
        return
    wave = wave_of(s.key) or s.context.wave
    if re.search(r"critical path", f"{s.key} {' '.join(s.context.headings[-1:])} {' '.join(s.parents)}", re.I):
        _critical(s, facts)
    elif wave is not None:
        _wave(s, wave, facts)
    elif s.context.branch is None:
        _phase(s, facts)


def _critical(s: Statement, facts: Facts) -> None:
    if re.search(r"\u2192|->|=>|\u21d2|>", s.whole) and len(found := ids(s.whole)) > 1:
        facts.critical.append(Said(tuple(found), s.line))


def _phase(s: Statement, facts: Facts) -> None:
    key = s.key.lower()
    if not key and (tied := _TIED.match(s.value)) is not None:
        key = tied[1].lower()
    if _tie(s, key, facts):
        return
    for pattern, act in _PHASE_KEYS:
        if re.fullmatch(pattern, key):
            act(s, facts)
            return
    if s.context.under(r"dependency notes|^notes|key notes|important notes", 1) and len(s.whole) < 400:
        facts.notes.append(Said(s.whole, s.line))
    elif (
        s.context.under(r"quality gate|per-branch|branch requirements", 1)
        and s.kind == "item"
        and not _LIMIT.search(s.whole)
    ):
        facts.gates.append(Said(s.whole, s.line))
    elif (
        "average" in key
        and "utili" in f"{key} {' '.join(s.context.headings)}".lower()
        and (match := re.search(r"\d+(?:\.\d+)?\s*%", s.value))
    ):
        facts.utilisations.append(Said(match[0].replace(" ", ""), s.line))


def _tie(s: Statement, key: str, facts: Ties) -> bool:
    """`Depends On`, `Blocks`, `Independent From`, as keys, parents or headings."""
    for at, text in enumerate(
        (key, *(p.lower() for p in reversed(s.parents)), *(h.lower() for h in reversed(s.context.headings[-1:])))
    ):
        for target, pattern in (
            (
                facts.depends,
                r"(?:phase )?(?:depends on|dependencies|prerequisites?|requires|prerequisite phases|"
                r"upstream(?: phases)?|hard dependencies|phase dependencies)",
            ),
            (
                facts.blocks,
                r"(?:phase )?(?:blocks|enables|required by|unblocks|needed by|downstream(?: phases)?|blocked phases)",
            ),
            (facts.independent, r"independent (?:from|of)|(?:can run )?(?:in )?parallel with"),
        ):
            if re.fullmatch(rf"{pattern}\b:?(?:\s*\(.*\))?(?::.*)?", text) and not s.context.branch:
                found = phases(s.whole if at else s.value)
                if not found and at == 0 and re.search(r"\d", s.value) and not ids(s.value):
                    found = tuple(numbers(s.value)) if re.fullmatch(r"[\d, and]+", s.value) else ()
                if found or is_none(s.value):
                    target.append(Said(found if not is_none(s.value) else (), s.line))
                return at == 0 or bool(found)
    return False


def _title(s: Statement, facts: Facts) -> None:
    text = re.sub(r"^(?:phase\s*)?\d{1,3}\s*[-\u2013\u2014:.)]*\s*", "", s.value, flags=re.I).strip("() ")
    if re.search(r"[A-Za-z]{2}", text) and not re.fullmatch(r"phase\s*\d+", text, re.I):
        facts.titles.append(Said(text, s.line))
    if found := phases(f"phase {s.value}" if s.key.lower().startswith("phase") else s.value):
        facts.phases.append(Said(found[0], s.line))


def _number(name: str) -> Callable[[Statement, Facts], None]:
    def act(s: Statement, facts: Facts) -> None:
        if found := numbers(s.value):
            getattr(facts, name).append(
                Said(
                    found[-1] if name == "max_agents" and re.search(r"\d\s*[-\u2013]\s*\d", s.value) else found[0],
                    s.line,
                )
            )

    return act


def _duration(s: Statement, facts: Facts) -> None:
    before, _, after = re.sub(r"\bversus\b|\bvs\.?", "\0", s.value, flags=re.I).partition("\0")
    if duration(before):
        facts.durations.append(Said(before.strip(" ("), s.line))
    if duration(after):
        facts.sequentials.append(Said(after.strip(" )"), s.line))


def _sequential(s: Statement, facts: Facts) -> None:
    facts.sequentials.append(Said(s.value, s.line))


def _parallel(s: Statement, facts: Facts) -> None:
    facts.parallels.append(Said(s.value, s.line))


_PHASE_KEYS: tuple[tuple[str, Callable[[Statement, Facts], None]], ...] = (
    (r"phase(?: name| title| number)?|title|phase focus|name", _title),
    (r"agents", _number("max_agents")),
    (r"(?:total |number of |# of )(?:branches|efforts)|branches|branch count", _number("branch_counts")),
    (r"(?:optimal |total |number of |execution )*waves|wave count", _number("wave_counts")),
    (
        r"(?:max(?:imum)?|peak)\.? (?:parallel|concurrent|simultaneous)?\s*(?:agents?|parallelism|"
        r"parallelization|concurrency)?.*|parallel agents|agents (?:needed|required)|concurrent "
        r"agents",
        _number("max_agents"),
    ),
    (r"(?:total|estimated|overall)(?: estimated)? (?:lines|loc|size|code)(?: of code)?.*", _number("line_totals")),
    (r"(?:estimated |total |parallel |overall |expected |target )*(?:duration|timeline|time|calendar time)", _duration),
    (
        r"(?:total |estimated )*sequential(?: execution)?(?: time| duration| effort)?|(?:one after another|serial).*",
        _sequential,
    ),
    (r"parallel(?: execution)?(?: time| duration)?|wave[- ]based(?: execution)?(?: time)?", _parallel),
)


def _wave(s: Statement, number: int, facts: Facts) -> None:
    wave, key = facts.wave(number), s.key.lower()
    if not s.context.branch and wave_of(s.key) is None and phases(s.value):
        _tie(s, key, facts.late)
    own = not (s.context.branch or s.context.agent) and len(s.parents) < 2
    if _SEPARATE.search(s.whole):
        wave.apart.append(Said(s.whole, s.line))
    if own and re.fullmatch(r"(?:estimated |total |expected |wave )*(?:duration|time(?:line)?|estimate)", key):
        if span := duration(s.value):
            wave.spans.append(Said(span, s.line, "list"))
    elif own and re.fullmatch(
        r"(?:parallel |max(?:imum)? |number of |concurrent |required )*agents?(?: required|"
        r" needed)?|(?:max )?parallel(?:ism| agents)?",
        key,
    ):
        if found := numbers(s.value):
            wave.agents.append(Said(max(found) if "-" in s.value else found[0], s.line, "list"))
    elif own and re.fullmatch(r"(?:total |estimated )+(?:lines|loc|size).*", key):
        if found := numbers(s.value):
            wave.totals.append(Said(found[0], s.line, "list"))
    elif own and (match := re.search(r"[.;,|]\s*duration\W+(.{1,40})", s.whole, re.I)) and (span := duration(match[1])):
        wave.spans.append(Said(span, s.line, "text"))
    elif re.fullmatch(r"(?:conflict|overall|merge)?\s*risk(?: level)?", key) and own:
        if match := re.match(r"\W*(low|medium|high)", s.value, re.I):
            wave.risks.append(Said(match[1].lower(), s.line))
    elif (
        s.context.under(r"parallelization|integration points|coordination notes|^notes", 1)
        and s.kind == "item"
        and len(s.whole) < 400
    ):
        wave.notes.append(Said(s.whole, s.line))
    elif own and re.fullmatch(r"(?:focus|goal|theme|objective|title|name)", key):
        wave.titles.append(Said(s.value, s.line, "text"))


def phase_title(heading: str) -> str | None:
    """`Phase 7: Syncer Development - Wave-Based Implementation Plan` -> Syncer Development."""
    text = re.sub(r"\bphase\s*\d{1,3}\b(?:\s*[:.\u2013\u2014-])?", "\0", heading, flags=re.I)
    parts = [p.strip(" :.()") for p in re.split(r"\0|\s[-\u2013\u2014|:]+\s|:\s|\s\(", text)]
    for part in parts:
        short = re.sub(
            r"\b(?:wave[- ]based|parallel(?:ized)?|detailed|optimi[sz]ed|agents?)\b|\b(?:implementation|"
            r"execution|work)?\s*(?:plan|strategy|guide|document)\b.*",
            "",
            part,
            flags=re.I,
        ).strip(" -:")
        if re.search(r"[A-Za-z]{3}", short) and not _NO_PHASE_TITLE.search(short):
            return short
    return None
