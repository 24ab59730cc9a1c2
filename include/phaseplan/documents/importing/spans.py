"""Read durations as people write them: hours, days, `half a day`, `Day 2-3 AM`. A working day has 8 hours."""

from __future__ import annotations

import re

from phaseplan.plan.spans import Span

DAY = 8 * 3600
HALF = DAY // 2
#: Words of each unit in several languages. A dictionary: a pattern of so many words takes long to compile.
_WORDS = {
    1: "second seconds sec secs sekunde sekunden segundo segundos seconde secondes secondi \u79d2",
    60: (
        "minute minutes min mins minuten minuto minutos minuti \u043c\u0438\u043d\u0443\u0442 "
        "\u043c\u0438\u043d\u0443\u0442\u0430 \u043c\u0438\u043d\u0443\u0442\u044b \u5206\u949f "
        "\u5206\u9418 \u5206\u9593 \ubd84"
    ),
    3600: (
        "hour hours hr hrs h stunde stunden std heure heures hora horas ora ore uur uren "
        "\u0447\u0430\u0441 \u0447\u0430\u0441\u0430 \u0447\u0430\u0441\u043e\u0432 \u5c0f\u65f6 "
        "\u5c0f\u6642 \u6642\u9593 \uc2dc\uac04"
    ),
    DAY: (
        "day days d Tag tage tagen arbeitstag arbeitstage werktage personentage jour jours d\u00eda "
        "d\u00edas dia dias giorno giorni dagen \u0434\u0435\u043d\u044c \u0434\u043d\u044f "
        "\u0434\u043d\u0435\u0439 \u65e5 \u5929 \u65e5\u9593 \u5929\u9593 \u65e5\u95f4 \uc77c"
    ),
    5 * DAY: (
        "week weeks wk wks woche wochen semana semanas semaine semaines settimana settimane weken "
        "\u043d\u0435\u0434\u0435\u043b\u044f \u043d\u0435\u0434\u0435\u043b\u0438 "
        "\u043d\u0435\u0434\u0435\u043b\u044c \u9031\u9593 \u5468 \uc8fc"
    ),
}
_UNITS = {word: seconds for seconds, words in _WORDS.items() for word in words.split()}
_UNIT = r"([^\W\d_]+)\b"
_TO = r"(?:-|\u2013|\u2014|~|\uff5e|\u301c|\b(?:to|bis|\u00e0|a|tot|\u0434\u043e)\b)"
_NUMBER = r"(\d{1,7}(?:[.,]\d{1,2}(?!\d))?)"
_RANGE = re.compile(
    rf"(?<![\w.:]){_NUMBER}\s*(?:{_UNIT})?\s*{_TO}\s*{_NUMBER}\s*"
    rf"(?:sequential |working[ -]|calendar |parallel )?{_UNIT}",
    re.I,
)
_ONE = re.compile(rf"(?<![\w.:-]){_NUMBER}(?:\s*|-)(?:sequential |working[ -]|calendar |parallel |full )?{_UNIT}", re.I)
_HALF = re.compile(r"\bhalf[ -](?:a[ -])?(?:working[ -])?day\b", re.I)
_FULL = re.compile(r"\b(?:one|a|full|1 full) day\b", re.I)
_CLOCK = re.compile(r"\d{1,2}:\d\d")
_DAYS = re.compile(
    r"\bdays?\s*(\d{1,3})(?:\s*(am|pm|morning|afternoon|noon)\b)?(?:\s*(?:-|\u2013|\u2014|\bto\b|\bthrough\b|&|and)\s*"
    r"(?:day\s*)?(\d{1,3})?(?:\s*(am|pm|morning|afternoon|noon)\b)?)?",
    re.I,
)
_MOST = 300  # characters of a text that states a duration
_MEASURED = re.compile(r"[/,;|(]?\s*[^/,;|(]*\(?\b(?:actual(?:ly)?|measured|took|real|so far)\b", re.IGNORECASE)
_LATE = {"pm", "afternoon"}


def spans(text: str) -> list[Span]:
    """List every duration in a text that is written with a unit, in order."""
    positions: list[tuple[int, Span]] = []
    unread = text = text[:_MOST]
    for match in _RANGE.finditer(text):
        low_unit, high_unit = unit(match[2] or match[4]), unit(match[4])
        low, high = round(_float(match[1]) * low_unit), round(_float(match[3]) * high_unit)
        if 0 < low <= high:
            positions.append((match.start(), Span(low=low, high=high)))
            unread = unread[: match.start()] + " " * len(match[0]) + unread[match.end() :]
    for pattern, size in ((_HALF, HALF), (_FULL, DAY)):
        for match in pattern.finditer(unread):
            positions.append((match.start(), Span(low=size, high=size)))
            unread = unread[: match.start()] + " " * len(match[0]) + unread[match.end() :]
    for match in _ONE.finditer(unread):
        size = round(_float(match[1]) * unit(match[2]))
        if size > 0:
            positions.append((match.start(), Span(low=size, high=size)))
    return [span for _, span in sorted(positions, key=lambda pair: pair[0])]


def whole(text: str) -> Span | None:
    """Return the duration that a text is; None if it says anything else."""
    bare = text.strip()
    return next(iter(spans(bare)), None) if _RANGE.fullmatch(bare) or _ONE.fullmatch(bare) else None


def duration(text: str) -> Span | None:
    """Return the duration that a text states: hours before days before calendar positions (`Day 2-3 AM`: 12 hours)."""
    text = text[:_MOST]
    if (measured := _MEASURED.search(text)) is not None and spans(text[: measured.start()]):
        text = text[: measured.start()]  # what is planned stands before it
    stated = spans(text)
    hours = [s for s in stated if re.search(r"\d\s*-?\s*(?:h|hr|hour)", text, re.I) and s.low % DAY] or stated
    if hours:
        return hours[0]
    return None if _CLOCK.search(text) else _calendar(text)


def in_days(text: str) -> bool:
    """Say whether a text counts days rather than hours."""
    return re.search(r"\bdays?\b", text, re.I) is not None and not re.search(r"\bh(?:ou)?rs?\b", text, re.I)


def _calendar(text: str) -> Span | None:
    """Compute the time from the first half day to the last."""
    first: int | None = None
    last = 0
    for match in _DAYS.finditer(text):
        day, half, until, until_half = match.groups()
        begin, finish = _halves(int(day), half or (until_half if until is None else None))
        if until is not None:
            finish = _halves(int(until), until_half)[1]
        first, last = begin if first is None else first, max(last, finish)
    if first is None or not 0 < last - first <= 200:
        return None
    return Span(low=(last - first) * HALF, high=(last - first) * HALF)


def _halves(day: int, half: str | None) -> tuple[int, int]:
    """Return the first half day and the one after the last, of a day or a half of one."""
    if half is None:
        return 2 * day, 2 * day + 2
    late = half.lower() in _LATE
    return 2 * day + late, 2 * day + late + 1


def _float(text: str) -> float:
    """Parse `1.5` and `1,5`."""
    return float(text.replace(",", "."))


def unit(word: str) -> int:
    """Return the seconds of a unit; 0 if a word is none."""
    return _UNITS.get(word) or _UNITS.get(word.lower(), 0)


def written(span: Span) -> str:
    """Write a span as plan files do."""
    low, high = _one(span.low), _one(span.high)
    return low if low == high else f"{low}-{high}"


def _one(seconds: int) -> str:
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
