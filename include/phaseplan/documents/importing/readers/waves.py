"""Read statements about one wave: duration, number of agents, title, risk and notes."""

from __future__ import annotations

import re

from phaseplan.documents.importing.context import wave_heading, wave_of
from phaseplan.documents.importing.facts import Facts, Said, WaveSaid
from phaseplan.documents.importing.readers.ties import tie
from phaseplan.documents.importing.spans import duration
from phaseplan.documents.importing.statements import Statement
from phaseplan.documents.importing.words import ids, ids_out, numbers
from phaseplan.documents.outline.attributes import phases
from phaseplan.documents.outline.ids import BETWEEN

_SEPARATE = re.compile(
    r"(?:separate|distinct|own|independent|isolated|different|dedicated|non-overlapping|"
    r"disjoint|exclusive)\s+(?:\w+\s+)?(?:sub-?)?(?:packages?|director(?:y|ies)|modules?|"
    r"namespaces?|folders?)",
    re.I,
)
_LASTS = re.compile(
    r"(?:\bwave\b.{0,12}\b(?:takes|lasts|needs|runs for|is planned for|is estimated at)|"
    r"(?:^|[.*]\s)(?:takes|estimated(?: at)?)|\blasts)"
    r"\b(.{1,40})",
    re.I,
)
_TIME = (
    r"(?:estimated |total |expected |planned |wave )*(?:duration|time(?:line| ?box| ?frame)?|estimate|length|takes|"
    r"wall[- ]?clock(?: time)?|elapsed(?: time)?)(?: \(.*\))?"
)
_ONLY_TIME = re.compile(
    r"[\W\d]*(?:(?:days?|hours?|h|hrs?|am|pm|morning|afternoon|to|half|a|mins?|minutes?|weeks?|about|approx|est|"
    r"estimated|duration|time|working)\b[\W\d]*)+",
    re.I,
)
_BESIDE = re.compile(r"\s[\u00b7\u2022|/]\s|\s{2,}|;\s")


def several(s: Statement, facts: Facts) -> None:
    """Read `Wave 1 takes 1 day, Wave 2 takes 2 days`."""
    if "wave" not in s.low:
        return
    wave_times = re.findall(r"\bwave (\d{1,2})\b[^.;,\d]{0,20}?\b(?:takes|lasts|needs)\s+([^,.;]{1,30})", s.whole, re.I)
    line = re.match(r"\W*wave (\d{1,2})\b.*?(\S+ (?:days?|hours?))\s*$", s.whole, re.I) if s.kind == "fence" else None
    if line and (span := duration(line[2])):
        facts.wave(int(line[1])).spans.append(Said(span, s.line, "text"))
    if first_match := re.match(
        r"\W*wave (\d{1,2})\b[^.;]{0,40}?\b(?:takes|lasts|needs)\s+([^,.;]{1,30})", s.whole, re.I
    ):
        wave_times = wave_times or [first_match.groups(), first_match.groups()]
    for number, time in wave_times if len(wave_times) > 1 else ():
        if span := duration(time):
            facts.wave(int(number)).spans.append(Said(span, s.line, "text"))


def read(s: Statement, number: int, facts: Facts) -> None:
    """Add what a statement says of a wave to the facts."""
    wave, key = facts.wave(number), s.key.lower()
    if wave_of(s.key) == number:
        wave.members += [Said(branch, s.line, "list") for branch in _members(s.value)]
    _opens(s, wave)
    if wave_of(s.key) == number and _ONLY_TIME.fullmatch(s.value) and (span := duration(s.value)):
        wave.spans.append(Said(span, s.line, "list"))
    if not s.context.branch and wave_of(s.key) is None and phases(s.value):
        tie(s, key, facts.late)
    deep = len(s.parents) > 1 and not s.parents[-1].lower().startswith("wave: ")
    own = not (s.context.branch or s.context.agent) and not deep
    if _SEPARATE.search(s.whole):
        wave.apart.append(Said(s.whole, s.line))
    if own and re.fullmatch(_TIME, key):
        if span := duration(s.value):
            wave.spans.append(Said(span, s.line, "list"))
    elif own and s.kind == "text" and (not key or _LASTS.search(s.whole)) and _in_passing(s, wave):
        return
    elif own and re.fullmatch(
        r"(?:parallel |max(?:imum)? |number of |concurrent |required )*agents?(?: required|"
        r" needed)?|(?:max )?parallel(?:ism| agents)?",
        key,
    ):
        if counts := numbers(s.value):
            wave.agents.append(Said(max(counts) if "-" in s.value else counts[0], s.line, "list"))
    elif own and re.fullmatch(r"(?:total |estimated )+(?:lines|loc|size).*", key):
        if counts := numbers(s.value):
            wave.totals.append(Said(counts[0], s.line, "list"))
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


def _members(text: str) -> list[str]:
    """List the branches of `5.1.1, 5.1.2 (the store)`; none if the text says anything else."""
    parts = BETWEEN.split(re.sub(r"\s*\([^()]*\)", "", text).strip(" ."))
    return ids(text) if all(ids(part) and not ids_out(part).strip() for part in parts) else []


def _opens(s: Statement, wave: WaveSaid) -> None:
    """Read `- **Wave 1: Skeleton** (6 hours, 2 agents)` as an item above the wave's branches."""
    title, bracket_text = wave_heading(s.whole) or (None, "")
    if s.kind != "item" or not (title or bracket_text):
        return
    if title and not ids(title.split()[0]):  # `Wave 2: 5.2.1 needs 5.1.1` has a reason, and no title
        wave.titles.append(Said(title, s.line, "text"))
    if span := duration(bracket_text):
        wave.spans.append(Said(span, s.line, "text"))
    if agents := re.search(r"\b(\d{1,2}) (?:parallel )?agents?\b", bracket_text, re.I):
        wave.agents.append(Said(int(agents[1]), s.line, "list"))


def _in_passing(s: Statement, wave: WaveSaid) -> bool:
    """Read `Day 1 (8 hours) · 2 agents` below a wave's heading, `Wave 1 takes 2 days.`; return whether it says that."""
    parts = _BESIDE.split(s.value) if len(s.value) < 160 and not s.key else []
    times = [p for p in parts if _ONLY_TIME.fullmatch(p)] + [m[1] for m in _LASTS.finditer(s.whole)]
    span = next((text_span for text in times if (text_span := duration(text))), None)
    agents = [m for p in parts if (m := re.fullmatch(r"\W*(\d{1,3}) (?:parallel )?(?:agents?|engineers?)\W*", p, re.I))]
    if span is not None:
        wave.spans.append(Said(span, s.line, "text"))
    if agents:
        wave.agents.append(Said(int(agents[0][1]), s.line, "list"))
    return span is not None or bool(agents)
