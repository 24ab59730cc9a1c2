"""Read statements about the phase and its waves."""

from __future__ import annotations

import re
from collections.abc import Callable

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.context import NUMBER, Context, number, wave_heading, wave_of
from phaseplan.documents.importing.facts import Facts, Said
from phaseplan.documents.importing.readers import waves
from phaseplan.documents.importing.readers.ties import relation, sentences, tie
from phaseplan.documents.importing.spans import duration
from phaseplan.documents.importing.statements import Statement, split
from phaseplan.documents.importing.words import clean, ids, numbers
from phaseplan.documents.outline.attributes import phases

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
_CREW = r"(?:agents|engineers|developers|workers|owners)\b"
_AT_MOST = re.compile(
    r"\b(?:at most|up to|no more than|max(?:imum)?(?: of)?|peak(?: of)?|limit(?:ed)?(?: of| to)?)\s+"
    rf"({NUMBER})\s+(?:\w+ )?{_CREW}|\b({NUMBER})\s+{_CREW}\s+(?:at most|at (?:once|a time|the same time))"
    rf"|\b(?:max(?:imum)?|at most) ({NUMBER}) (?:in parallel|at once|at the same time)\b",
    re.I,
)
_MANY = ("agents", "engineers", "developers", "workers", "owners", "max", "at most")
_PREFIX = re.compile(r"\bprefix\w*\b[^/\n]{0,40}?\s((?:[A-Za-z][\w.-]*/){1,5})(?![\w*])", re.I)
_NO_PHASE_TITLE = re.compile(r"^tasks?$|wave|implementation|execution|parallel|plan\b|optimal|summary|agents?\b", re.I)


def read(s: Statement, facts: Facts) -> None:
    """Add what one statement says of the phase and its waves to the facts."""
    low = s.low
    for match in _REDUCTION.finditer(s.whole) if "%" in low else ():
        facts.reductions.append(Said(int(match[1]), s.line))
    if (
        ("lines" in low or "loc" in low)
        and (limit := _LIMIT.search(s.whole))
        and (
            s.context.under(r"gate|require|criteri|constraint|standard|rule|quality")
            or re.search(r"each|every|all|per[- ]branch|branch(?:es)?", s.whole, re.I)
        )
    ):
        facts.max_lines.append(Said(int(limit[2].replace(",", "")) - bool(limit[1]), s.line))
    if "prefix" in low and (prefix := _PREFIX.search(f"{s.key}: {s.raw}".replace("`", ""))):
        facts.prefixes.append(Said(prefix[1], s.line))
    if s.kind == "item" and s.depth == 1 and s.context.headings[-1:] == ("Notes",):  # whatever the note begins with
        about = facts if s.context.wave is None else facts.wave(s.context.wave)
        about.notes.append(Said(s.whole, s.line))
        return
    listed = re.fullmatch(r"wave: (\d{1,3})", s.parents[-1], re.I) if s.kind == "fence" and s.parents else None
    above = int(listed[1]) if listed else s.context.wave
    wave = wave_of(s.whole if s.kind == "item" and wave_heading(s.whole) else s.key, above)
    waves.several(s, facts)
    if any("critical path" in text.lower() for text in (s.key, *s.context.headings[-1:], *s.parents)):
        _critical(s, facts)
    elif wave is not None:
        waves.read(s, wave, facts)
    elif s.context.branch is None:
        _phase(s, facts)


def paragraph(block: Block, context: Context, facts: Facts) -> None:
    """Read sentences of a paragraph, which may go over several lines."""
    bold = re.match(r"\*\*([^*\n:]{3,60})\*\*\s*[|\u00b7\u2014\u2013-]", block.text)
    weak = all(fact.source == "text" for fact in facts.titles)
    if bold and weak and len(context.headings) == 1 and not _NO_PHASE_TITLE.search(bold[1]):
        facts.titles.insert(0, Said(bold[1].strip(), block.line, "text"))
    text = ""
    for line in block.text.split("\n"):
        key, value, _ = split(line)
        goes_on = bool(text) and text[-1] not in ".:;!"
        text += f" {clean(line)}" if goes_on else f" {value}" if not key else ""
    text = text.strip()
    if text and context.wave is None and context.branch is None:
        sentences(Statement(block.line, "", text, text, (), context, "text"), facts)


def _critical(s: Statement, facts: Facts) -> None:
    if re.search(r"\u2192|->|=>|\u21d2|>", s.whole) and len(branch_ids := ids(s.whole)) > 1:
        facts.critical.append(Said(tuple(branch_ids), s.line))


def _phase(s: Statement, facts: Facts) -> None:
    key = s.key.lower().replace("_", " ")
    if s.kind != "fence" and any(word in s.low for word in _MANY):
        counts = (most[1] or most[2] or most[3] for most in _AT_MOST.finditer(s.whole))
        facts.max_agents += [Said(number(most), s.line) for most in counts]
    if (s.kind != "fence" and (s.key or s.kind != "text")) and sentences(s, facts):
        return
    if tie(s, key, facts) or relation(s, facts):
        return
    for pattern, act in _PHASE_KEYS if key else ():
        if re.fullmatch(pattern, key):
            act(s, facts)
            return
    if s.context.under(r"dependency notes|^notes|key notes|important notes", 1) and len(s.whole) < 400:
        facts.notes.append(Said(s.whole, s.line))
    elif (
        s.context.under(r"quality gate|per-branch|branch requirements", 1)
        and s.kind == "item"
        and not _LIMIT.search(s.whole)
        and not re.fullmatch(r"\*\*[^*]+\*\*:?", s.raw.strip())  # the title of those below it
    ):
        facts.gates.append(Said(s.whole, s.line))
    elif (
        "average" in key
        and "utili" in f"{key} {' '.join(s.context.headings)}".lower()
        and (match := re.search(r"\d+(?:\.\d+)?\s*%", s.value))
    ):
        facts.utilisations.append(Said(match[0].replace(" ", ""), s.line))


def _title(s: Statement, facts: Facts) -> None:
    text = re.sub(r"^(?:phase\s*)?\d{1,3}\s*[-\u2013\u2014:.)]*\s*", "", s.value, flags=re.I).strip(
        '() ,;:"\u201c\u201d'
    )
    text = "" if re.fullmatch(r"\W*(?:phase\s*)?\d+\s*\([^)]*\)", s.value, re.I) else text  # `10 (final)`
    if re.search(r"[A-Za-z]{3}", text) and not re.search(r"\bphase\s*\d+", text, re.I):
        facts.titles.insert(0 if all(fact.source == "text" for fact in facts.titles) else 1, Said(text, s.line, "list"))
    if phase_numbers := phases(f"phase {s.value}" if s.key.lower().startswith("phase") else s.value):
        facts.phases.append(Said(phase_numbers[0], s.line))


def _number(name: str) -> Callable[[Statement, Facts], None]:
    def act(s: Statement, facts: Facts) -> None:
        if figures := numbers(s.value):
            getattr(facts, name).append(
                Said(
                    figures[-1] if name == "max_agents" and re.search(r"\d\s*[-\u2013]\s*\d", s.value) else figures[0],
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


def _text(name: str) -> Callable[[Statement, Facts], None]:
    return lambda s, facts: getattr(facts, name).append(Said(s.value, s.line))


_PHASE_KEYS: tuple[tuple[str, Callable[[Statement, Facts], None]], ...] = (
    (r"phase(?: name| title| number)?|title|phase focus|name", _title),
    (r"agents", _number("max_agents")),
    (r"(?:total |number of |# of )(?:branches|efforts)|branches|branch count", _number("branch_counts")),
    (r"(?:optimal |total |number of |execution )*waves|wave count", _number("wave_counts")),
    (
        r"(?:max(?:imum)?|peak)\.? (?:number of )?(?:parallel|concurrent|simultaneous)?\s*"
        r"(?:agents?|parallelism|parallelization|concurrency)?.*|parallel limit|concurrency(?: limit)?|"
        r"parallel agents(?: \(max\w*\))?|concurrent agents|"
        r"(?:agents|engineers|developers|workspaces|sessions)(?: (?:needed|required))?"
        r"(?: (?:at the same time|at once|in parallel))?",
        _number("max_agents"),
    ),
    (r"(?:total|estimated|overall)(?: estimated)? (?:lines|loc|size|code)(?: of code)?.*", _number("line_totals")),
    (r"(?:estimated |total |parallel |overall |expected |target )*(?:duration|timeline|time|calendar time)", _duration),
    (
        r"(?:total |estimated )*sequential(?: execution)?(?: time| duration| effort)?|(?:one after another|serial).*",
        _text("sequentials"),
    ),
    (r"parallel(?: execution)?(?: time| duration)?|wave[- ]based(?: execution)?(?: time)?", _text("parallels")),
)


def phase_title(heading: str) -> tuple[str, bool] | None:
    """Return `Syncer Development` of `Phase 7: Syncer Development - Wave-Based Implementation Plan`.

    The second value is True if it stands behind the phase's number.
    """
    text = re.sub(r"\bphase\s*\d{1,3}\b(?:\s*[:.\u2013\u2014-])?", "\0", heading, flags=re.I)
    if quoted := re.search(r"\0\W*[\"\u201c]([^\"\u201c\u201d]{3,60})[\"\u201d]", text):
        return quoted[1].strip(), True
    before, _, after = text.rpartition("\0")
    parts = [
        (p.strip(' :.()"\u201c\u201d'), bool(before or "\0" in text) and side is after)
        for side in (after, before)
        for p in re.split(r"\s[-\u2013\u2014|:]+\s|:\s|\s\(", side)
    ]
    for part, strong in parts:
        short = re.sub(
            r"\b(?:wave[- ]based|parallel(?:ized)?|detailed|optimi[sz]ed|agents?)\b|\b(?:implementation|"
            r"execution|work|delivery|rollout|project)?\s*(?:plan|strategy|guide|document)\b.*",
            "",
            part,
            flags=re.I,
        ).strip(" -:,;")
        if re.search(r"[A-Za-z]{3}", short) and not _NO_PHASE_TITLE.search(short):
            return short, strong
    return None
