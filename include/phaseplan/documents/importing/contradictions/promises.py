"""Find contradictions of what is promised of the whole: how long it takes one after another, and what is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.documents.importing.contradictions.trouble import clash, place
from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.importing.facts import Said
from phaseplan.documents.importing.spans import in_days, spans
from phaseplan.documents.outline.model import Trouble
from phaseplan.plan.spans import Span

SLACK = 2  # percentage points that rounding explains


def find(draft: Draft) -> Iterator[Trouble]:
    """Yield all contradictions of promises."""
    yield from _sequential(draft)
    yield from _reduction(draft)


def _timed(stated: list[Said[str]]) -> list[tuple[Said[str], Span]]:
    """Return claims with their durations: what stands after the last `=`, else the first one."""
    found = ((fact, spans(fact.value.rsplit("=", 1)[-1]) or spans(fact.value)) for fact in stated)
    return [(fact, times[0]) for fact, times in found if times]


def _sequential(draft: Draft) -> Iterator[Trouble]:
    """PP911: report two different sequential durations."""
    stated = _timed(draft.facts.sequentials)
    other = next(((fact, span) for fact, span in stated[1:] if span != stated[0][1]), None)
    if other is not None:
        first, span = stated[0]
        days = f", {3 * span.low // 3600}-{3 * span.high // 3600} of 24-hour ones" if in_days(first.value) else ""
        text = f"one after another takes {first.value.strip()} ({_hours(span)} hours of 8-hour days{days}),"
        text += f" and {_hours(other[1])} hours"
        yield clash(draft, "PP911", first.line, text, other[0].line, f"took {first.value.strip()} as the claim")


def _hours(span: Span) -> str:
    low, high = f"{span.low / 3600:g}", f"{span.high / 3600:g}"
    return low if low == high else f"{low}-{high}"


def _reduction(draft: Draft) -> Iterator[Trouble]:
    """PP908: compute a reduction in every way from the document's own numbers, and report a claim that fits none."""
    claims = {s.value: s for s in reversed(draft.facts.reductions)}
    if not claims:
        return
    ways = list(_ways(draft))
    value, first = min(claims.items(), key=lambda claim: claim[1].line)
    other = next((s for v, s in claims.items() if v != value), None)
    fits = [name for low, high, name in ways if low - SLACK <= value <= high + SLACK]
    if other is None and len(fits) == len(ways):
        return
    text = f"a reduction of {value} % is claimed"
    text += f", and {other.value} % ({place(draft, other.line)})" if other else ""
    if ways:
        shown = "; ".join(f"{name} give {low if low == high else f'{low}-{high}'} %" for low, high, name in ways)
        verdict = f"{value} % only by {' and '.join(fits)}" if fits else f"no derivation gives {value} %"
        text += f": {shown}: {verdict}"
    yield Trouble("PP908", first.line, text, "kept as a claim; nothing is computed from it")


def _ways(draft: Draft) -> Iterator[tuple[int, int, str]]:
    """Yield low and high per cent of each way, and its source."""
    for short, quick in _timed([*draft.facts.durations, *draft.facts.parallels]):
        for long, slow in _timed(draft.facts.sequentials):
            if in_days(short.value) == in_days(long.value):
                names = (f"{_short(one.value)} ({place(draft, one.line)})" for one in (short, long))
                yield *_percent(quick, slow), " against ".join(names)
    groups = draft.part.groups
    each = [(group.span.value, len(group.units)) for group in groups if group.span]
    if len(each) == len(groups):
        quick = Span(low=sum(s.low for s, _ in each), high=sum(s.high for s, _ in each))
        slow = Span(low=sum(s.low * n for s, n in each), high=sum(s.high * n for s, n in each))
        name = f"the waves' durations, {_hours(quick)} hours against {_hours(slow)} for every branch alone,"
        yield *_percent(quick, slow), name


def _percent(quick: Span, slow: Span) -> tuple[int, int]:
    """Return the least and the most per cent that a range of durations saves of another."""
    return round(100 * (1 - quick.high / max(1, slow.low))), round(100 * (1 - quick.low / max(1, slow.high)))


def _short(text: str) -> str:
    return re.sub(r"\s+", " ", text.rsplit("=", 1)[-1]).strip(" .;:")[:40]
