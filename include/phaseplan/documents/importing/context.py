"""Find the wave, branch and agent that a block is about, from the headings above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.words import REMEMBERED, clean, ids, names, spelt_out
from phaseplan.documents.outline.headings import titled

_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NTHS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WORDS = {word: i for i, word in enumerate(_CARDINALS, 1)}
_ORDINALS = {word: i for i, word in enumerate(_NTHS, 1)} | {"1st": 1, "2nd": 2, "3rd": 3}
_ORDINALS |= {f"{i}th": i for i in range(4, 21)}
NUMBER = rf"(?:\d{{1,3}}|{'|'.join(_WORDS)})"  # as digits or as a word; `number` reads it
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)})"
_WAVE = re.compile(
    rf"\bwave[ _#-]*(?:no\.? ?)?(?:(\d{{1,3}})\.)?(\d{{1,3}}|{'|'.join(_WORDS)})\b(?![.]\d)|\b({_ORDINAL})[ -]wave\b",
    re.IGNORECASE,
)
_AGENTS = re.compile(
    r"\b(?:agent|engineer|developer|worker)s?[ _#-]*"
    r"((?:\d{1,3}|[A-Z])\b(?:\s*(?:[,&/\u2013-]|and|to)\s*(?:agent\s*)?(?:\d{1,3}|[A-Z])\b)*)",
    re.IGNORECASE,
)
_NTH = rf"(?:wave[ _#-]*(?:\d{{1,3}}\.)?(?:\d{{1,3}}|{'|'.join(_WORDS)})|{_ORDINAL} wave)"
_OPENS = re.compile(
    rf"(?:the )?(?:phase\s*\d+\s*[-\u2013:,.|]?\s*)?{_NTH}\b(?P<rest>\s*(?:[:.(\[\u2013\u2014|=-].*)?)", re.IGNORECASE
)
_NEEDS = r"\b(?:depends on|after|needs|requires|blocked by|waits (?:for|on))\b"
_WAITS = re.compile(rf"(\W*{_NTH}\b[^.;]*?){_NEEDS}", re.IGNORECASE)
_AFTER = re.compile(r"(?P<title>[^(:]+?)\s*\(\s*wave[ #-]*\d{1,3}\s*\)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """Hold what the headings above say. `headings` are cleaned, outermost first."""

    headings: tuple[str, ...] = ()
    wave: int | None = None
    branch: str | None = None
    agent: str | None = None

    def under(self, pattern: str, nearest: int = 9) -> bool:
        """Say whether one of the nearest headings matches; names of waves and branches do not count."""
        return _under(self.headings[-nearest:], pattern)


@lru_cache(maxsize=REMEMBERED)
def _under(headings: tuple[str, ...], pattern: str) -> bool:
    return any(re.search(pattern, h, re.IGNORECASE) for h in headings if not _is_title(h))


@lru_cache(maxsize=REMEMBERED)
def _is_title(heading: str) -> bool:
    """Say whether a heading is a name (`Wave 2: Status and Conflicts`), not a kind of section."""
    return (
        wave_heading(heading) is not None
        or re.match(r"\W*(?:branch\W*)?\d+\.\d+\.\d+", heading, re.IGNORECASE) is not None
    )


def wave_of(text: str, otherwise: int | None = None) -> int | None:
    """Return the wave that a text names; `otherwise` if it names none or several."""
    wave = _wave(text) if "ave" in text or "AVE" in text else None
    return otherwise if wave is None else wave


@lru_cache(maxsize=REMEMBERED)
def _wave(text: str) -> int | None:
    if (after := _WAITS.match(text)) is not None:  # `Wave 2 (after Wave 1)`
        text = after[1]
    wave_numbers = {number(m[2] or m[3]) for m in _WAVE.finditer(text)}
    if len(wave_numbers) != 1 or re.search(r"\bwaves\s*\d", text, re.IGNORECASE):
        return None
    return wave_numbers.pop()


def number(word: str) -> int:
    """Parse `2`, `two`, `second`."""
    low = word.lower()
    return int(low) if low.isdigit() else _WORDS.get(low) or _ORDINALS[low]


def waves_of(text: str) -> list[int]:
    """Parse `Wave 1`, `Waves 1-3`, `waves 0 to 3`, `Wave 1, Wave 2`."""
    listed = r"\bwaves?[ #]*(\d{1,3}(?:\s*(?:[,&\u2013-]|and|to)\s*(?:wave )?\d{1,3}\b)*)"
    return spelt_out(", ".join(re.findall(listed, text, re.IGNORECASE)))


def agents_of(text: str) -> list[str]:
    """Parse `Agents 1,2,3`, `Agents 2-3`, `Agent A` into labels."""
    return list(_agents(text))


@lru_cache(maxsize=REMEMBERED)
def _agents(text: str) -> tuple[str, ...]:
    out: list[str] = []
    for match in _AGENTS.finditer(text):
        if match[1].isalpha() and not re.search(r"\b(?i:agent|engineer|developer|worker)s?[ _#-]*[A-Z]\b", match[0]):
            continue
        out += [*map(str, spelt_out(match[1])), *(e.upper() for e in re.findall(r"\b[A-Za-z]\b", match[1]))]
    return tuple(dict.fromkeys(out))


@lru_cache(maxsize=REMEMBERED)
def wave_heading(text: str) -> tuple[str | None, str] | None:
    """Return title and bracket text of a heading that opens a wave's section; None if it does not."""
    parts = re.split(r"\s+[\u00b7\u2022|]\s+", text)
    if len(parts) > 1:  # `Wave 1 · Pieces · 1 day`
        text = f"{parts[0]}: {parts[1]}" + (f" ({', '.join(parts[2:])})" if parts[2:] else "")
    if (match := _AFTER.fullmatch(text)) is not None:
        return match["title"].strip(" :-\u2013\u2014") or None, ""
    match = _OPENS.fullmatch(text)
    if match is None:
        return None
    title, asides = titled(match["rest"])
    return None if re.match(_NEEDS, title, re.IGNORECASE) else title or None, ", ".join(asides)


def with_context(blocks: list[Block]) -> Iterator[tuple[Block, Context]]:
    """Yield every block with the context of its headings."""
    stack: list[tuple[int, Context]] = [(0, Context())]
    for block in blocks:
        if block.kind == "heading":
            while stack[-1][0] >= block.level:
                stack.pop()
            stack.append((block.level, _deeper(stack[-1][1], block.text)))
        yield block, stack[-1][1]


def _deeper(above: Context, raw: str) -> Context:
    text = clean(raw)
    wave = wave_of(text, above.wave)
    branch_ids, named, agents = ids(text), names(raw), agents_of(text)
    branch = branch_ids[0] if len(branch_ids) == 1 else named[0] if len(named) == 1 and not branch_ids else None
    agent = agents[0] if len(agents) == 1 else None
    return Context(
        (*above.headings[-8:], text), wave, branch or (above.branch if not agent else None), agent or above.agent
    )
