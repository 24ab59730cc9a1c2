"""Compare what a plan's authors promised with what its own estimates give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from phaseplan.forecast.analysis import critical_path
from phaseplan.plan.graph import by_wave, merge_order
from phaseplan.plan.model import Claims, PhasePlan
from phaseplan.plan.spans import Span, text

_DAY, _WORKING_DAY = 86400, 28800
_TOLERANCE = 0.05  # of a share that is claimed
_PERCENT = re.compile(r"\s*~?\s*(\d{1,6}(?:\.\d+)?)\s*%\s*")


@dataclass(frozen=True, slots=True)
class Claim:
    """Hold one promise. `holds` None: there is nothing to compare."""

    phase: int
    name: str
    claimed: str
    truth: str
    holds: bool | None
    note: str = ""


def compare(plan: PhasePlan, cost: dict[str, float], sequential: float, makespan: float) -> Iterator[Claim]:
    """Yield every claim of one phase, and waves whose stated duration is impossible.

    :param sequential: seconds of one agent after another.
    :param makespan: seconds from the start of the phase to its end, simulated.
    """
    claims = plan.claims or Claims()
    spans = (("sequential", claims.sequential, sequential), ("parallel", claims.parallel, makespan),
             ("duration", claims.duration, makespan))  # fmt: skip
    for name, span, truth in spans:
        if span is not None:
            yield _time(plan.phase, name, span, truth)
    saved = 100 * (1 - makespan / sequential) if sequential else 0.0
    if claims.reduction is not None:
        yield _share(plan.phase, "reduction", claims.reduction, saved, _own_numbers(claims))
    if claims.utilisation is not None:
        busy = 100 * sequential / makespan if makespan else 0.0
        yield _share(plan.phase, "utilisation", claims.utilisation, busy, "100 % is one agent at work all the time")
    if claims.critical_path:
        yield _path(plan, claims.critical_path, cost)
    yield from _chains(plan, cost)


def _time(phase: int, name: str, span: Span, truth: float) -> Claim:
    """Check a promised time: an end may be sooner than promised; the total work must be right."""
    readings, notes = [(float(span.low), float(span.high))], []
    if span.low and not span.low % _DAY and not span.high % _DAY:
        readings.append((span.low / _DAY * _WORKING_DAY, span.high / _DAY * _WORKING_DAY))
        notes.append(f"a day is 24 h here; in working days of 8 h it would be {_range(*readings[1])}")
    holds = any(low <= truth <= high for low, high in readings)
    if not holds and name != "sequential" and truth < span.low:
        holds = True
        notes.append("it ends sooner")
    return Claim(phase, name, _range(span.low, span.high), text(truth), holds, "; ".join(notes))


def _share(phase: int, name: str, claimed: str, truth: float, note: str) -> Claim:
    match = _PERCENT.fullmatch(claimed)
    holds = abs(float(match[1]) - truth) <= max(1, truth * _TOLERANCE) if match else None
    return Claim(phase, name, claimed, f"{truth:.0f}%", holds, note)


def _own_numbers(claims: Claims) -> str:
    """Describe the reduction that the claimed times give, with days of 24 and of 8 hours."""
    ways = []
    for whole, pronoun in ((claims.parallel, "parallel"), (claims.duration, "duration")):
        for day, meaning in ((_DAY, ""), (_WORKING_DAY, " (days of 8 h)")):
            if whole is not None and claims.sequential is not None:
                short, long = (_days(s, day) for s in (whole, claims.sequential))
                if long > 0:
                    ways.append(f"{100 * (1 - short / long):.0f}% by the claimed {pronoun}{meaning}")
    return "its own numbers give " + ", ".join(dict.fromkeys(ways)) if ways else ""


def _days(span: Span, day: int) -> float:
    """Return the middle of a span in seconds; whole days count `day` seconds each."""
    return sum(s // _DAY * day if not s % _DAY else s for s in (span.low, span.high)) / 2


def _path(plan: PhasePlan, claimed: tuple[str, ...], cost: dict[str, float]) -> Claim:
    path, length = critical_path(plan, cost)
    shown, truth = " -> ".join(claimed), f"{' -> '.join(path)}, {text(length)}"
    unknown = [b for b in claimed if b not in plan.by_id]
    gaps = [f"{a} -> {b}" for a, b in pairwise(claimed) if b in plan.by_id and a not in plan.by_id[b].depends_on]
    if unknown:
        return Claim(plan.phase, "critical path", shown, truth, False, f"no branch is called {', '.join(unknown)}")
    if gaps:
        return Claim(plan.phase, "critical path", shown, truth, False, f"{', '.join(gaps)} is no dependency")
    took = sum(cost[b] for b in claimed)
    note = "" if took >= length else f"the claimed one takes {text(took)}"
    return Claim(plan.phase, "critical path", shown, truth, took >= length, note)


def _chains(plan: PhasePlan, cost: dict[str, float]) -> Iterator[Claim]:
    """Yield waves that cannot take as long as stated, because branches inside wait for each other."""
    timed = [wave for wave in plan.waves if wave.duration is not None]
    members = by_wave(plan, merge_order(plan)) if timed else {}
    for wave in timed:
        path, length = critical_path(plan, cost, members[wave.wave])
        if wave.duration is not None and len(path) > 1 and length > wave.duration.high:
            claimed = _range(wave.duration.low, wave.duration.high)
            note = f"{' -> '.join(path)} wait for each other inside the wave"
            yield Claim(plan.phase, f"wave {wave.wave}", claimed, text(length), False, note)


def _range(low: float, high: float) -> str:
    return text(low) if low == high else f"{text(low)}-{text(high)}"
