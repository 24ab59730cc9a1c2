"""Find contradictions of numbers: totals, estimates, durations, promises."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.documents.importing.contradictions.disagreements import place
from phaseplan.documents.importing.draft import Draft, DraftBranch, DraftWave
from phaseplan.documents.importing.facts import Said
from phaseplan.documents.importing.spans import in_days, spans, written
from phaseplan.documents.outline.model import Trouble
from phaseplan.plan.durations import SECONDS_A_LINE
from phaseplan.plan.spans import Span

SLACK = 2  # percentage points that rounding explains


def find(draft: Draft) -> Iterator[Trouble]:
    """Yield all contradictions of numbers."""
    facts, branches = draft.facts, draft.branches
    sizes = sum(b.lines.value for b in branches if b.lines)
    whole = bool(branches) and all(b.lines for b in branches)
    yield from _total(
        draft,
        facts.branch_counts,
        len(branches),
        "branches",
        branches[0].entry.mentions[0].line if branches and branches[0].entry.mentions else 1,
    )
    yield from _total(draft, facts.wave_counts, len(draft.waves), "waves", 1)
    yield from _total(
        draft,
        facts.line_totals if whole else [],
        sizes,
        "lines",
        branches[0].lines.line if whole and branches[0].lines else 1,
    )
    for wave in draft.waves:
        yield from _wave(draft, wave)
    most = max(
        (fact for wave in draft.waves for fact in wave.statements.agents), key=lambda fact: fact.value, default=None
    )
    for fact in facts.max_agents[:1]:
        if most is not None and fact.value != most.value:
            yield Trouble(
                "PP902",
                fact.line,
                f"at most {fact.value} agents at once, but a wave has {most.value} ({place(draft, most.line)})",
                f"took {fact.value}",
            )
    for branch in branches:
        yield from _lines(draft, branch)
    yield from _sequential(draft)
    yield from _reduction(draft)


def _total(draft: Draft, stated: list[Said[int]], truth: int, noun: str, line: int) -> Iterator[Trouble]:
    """PP902: report each different figure once."""
    for value, first in {s.value: s for s in reversed(stated)}.items():
        if value != truth:
            yield Trouble(
                "PP902",
                first.line,
                f"{value} {noun} are promised, {truth} are described (from {place(draft, line)} on)",
                "took what is described",
            )


def _wave(draft: Draft, wave: DraftWave) -> Iterator[Trouble]:
    where = wave.branches[0].wave.line if wave.branches and wave.branches[0].wave else 1
    yield from _total(draft, wave.statements.counts, len(wave.branches), f"branches of wave {wave.number}", where)
    if all(b.lines for b in wave.branches):
        yield from _total(
            draft,
            wave.statements.totals,
            sum(b.lines.value for b in wave.branches if b.lines),
            f"lines of wave {wave.number}",
            where,
        )
    for fact in wave.statements.agents[:1]:
        if fact.value > len(wave.branches):
            yield Trouble(
                "PP902",
                fact.line,
                f"wave {wave.number} has {fact.value} agents for {len(wave.branches)} branches ({place(draft, where)})",
            )
    for said_span in wave.statements.spans:
        own, other_span = wave.span.value if wave.span else said_span.value, said_span.value
        later = other_span.low > own.high and said_span.source != "text"  # a heading's `(Day 2)` is when, not how long
        if wave.span is not None and (later or other_span.high < own.low):
            text = f"wave {wave.number} takes {written(wave.span.value)}, and {written(said_span.value)}"
            yield Trouble(
                "PP911",
                wave.span.line,
                f"{text} ({place(draft, said_span.line)})",
                f"took {written(wave.span.value)}; a day is 8 hours",
            )
            break
    yield from _inside(draft, wave)


def _inside(draft: Draft, wave: DraftWave) -> Iterator[Trouble]:
    """PP907: compare the longest chain inside a wave with its duration, and with as many agents as branches."""
    inside = {b.id: [n for n in b.needs if draft.wave_of.get(n.value) == wave.number] for b in wave.branches}
    chained = next(((b, needs[0]) for b, needs in inside.items() if needs), None)
    if chained is None:
        return
    by, needed = chained
    agents = wave.statements.agents[0] if wave.statements.agents else None
    if agents is not None and agents.value >= len(wave.branches):
        text = (
            f"wave {wave.number} has all {len(wave.branches)} branches at once, but {by} waits "
            f"for {needed.value} of the same wave"
        )
        yield Trouble("PP907", agents.line, f"{text} ({place(draft, needed.line)})", "kept the dependency")
    if wave.span is None:
        return
    for name, cost in (("their own estimates", _stated), (f"{3600 // SECONDS_A_LINE} lines an hour", _paced)):
        costs = {b.id: cost(b) for b in wave.branches}
        longest = max((_chain(b, inside, costs, ()) for b in inside), default=(0, ()))
        if longest[1] and longest[0] > wave.span.value.high:
            hours = written(Span(low=longest[0], high=longest[0]))
            text = (
                f"wave {wave.number} is to take {written(wave.span.value)}, but {' -> '.join(longest[1])},"
                f" one after another, take {hours} by {name}"
            )
            yield Trouble("PP907", wave.span.line, f"{text} ({place(draft, needed.line)})", "kept both")
            return


def _stated(branch: DraftBranch) -> int | None:
    return branch.span.value.low if branch.span else None


def _paced(branch: DraftBranch) -> int | None:
    return branch.lines.value * SECONDS_A_LINE if branch.lines else None


def _chain(
    branch: str, inside: dict[str, list[Said[str]]], costs: dict[str, int | None], visited: tuple[str, ...]
) -> tuple[int, tuple[str, ...]]:
    """Return seconds and branches of the longest chain that ends here; nothing if an estimate is missing."""
    own = costs[branch]
    if own is None or branch in visited or len(visited) > 8:
        return 0, ()
    before = max((_chain(n.value, inside, costs, (*visited, branch)) for n in inside[branch]), default=(0, ()))
    return before[0] + own, (*before[1], branch)


def _lines(draft: Draft, branch: DraftBranch) -> Iterator[Trouble]:
    """PP911: report an estimate that changed or differs."""
    if branch.lines is None:
        return
    for mention in branch.entry.mentions:
        other = next((n for n in mention.lines if n != branch.lines.value), None)
        if other is not None:
            text = f"{branch.id} has {branch.lines.value} lines, and {other}"
            yield Trouble(
                "PP911", branch.lines.line, f"{text} ({place(draft, mention.line)})", f"took {branch.lines.value}"
            )
            return


def _range(text: str) -> Span | None:
    """Return the duration in a claim: after the last `=`, else the first duration."""
    durations = spans(text.rsplit("=", 1)[-1]) or spans(text)
    return durations[0] if durations else None


def _sequential(draft: Draft) -> Iterator[Trouble]:
    """PP911: report two different sequential durations."""
    stated = [(s, span) for s in draft.facts.sequentials if (span := _range(s.value)) is not None]
    for first, span in stated[:1]:
        for other, other_span in stated[1:]:
            if (span.low, span.high) != (other_span.low, other_span.high):
                days = (
                    f", {3 * span.low // 3600}-{3 * span.high // 3600} of 24-hour ones" if in_days(first.value) else ""
                )
                text = (
                    f"one after another takes {first.value.strip()} ({_hours(span)} hours of 8-hour days{days}),"
                    f" and {_hours(other_span)} hours"
                )
                yield Trouble(
                    "PP911",
                    first.line,
                    f"{text} ({place(draft, other.line)})",
                    f"took {first.value.strip()} as the claim",
                )
                return


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
    wrong = [w for w in ways if not w[0] - SLACK <= value <= w[1] + SLACK]
    if other is None and not wrong:
        return
    also = f", and {other.value} % ({place(draft, other.line)})" if other else ""
    shown = "; ".join(f"{name} give {low if low == high else f'{low}-{high}'} %" for low, high, name in ways)
    fits = [name for low, high, name in ways if low - SLACK <= value <= high + SLACK]
    verdict = f"{value} % only by {' and '.join(fits)}" if fits else f"no derivation gives {value} %"
    yield Trouble(
        "PP908",
        first.line,
        f"a reduction of {value} % is claimed{also}: {shown}: {verdict}"
        if ways
        else f"a reduction of {value} % is claimed{also}",
        "kept as a claim; nothing is computed from it",
    )


def _ways(draft: Draft) -> Iterator[tuple[int, int, str]]:
    """Yield low and high per cent of each way, and its source."""
    facts = draft.facts
    shorts = [(s, span) for s in (*facts.durations, *facts.parallels) if (span := _range(s.value)) is not None]
    longs = [(s, span) for s in facts.sequentials if (span := _range(s.value)) is not None]
    for short, quick in shorts:
        for long, slow in longs:
            if in_days(short.value) == in_days(long.value):
                yield (
                    *_percent(quick, slow),
                    f"{_short(short.value)} ({place(draft, short.line)}) against {_short(long.value)} "
                    f"({place(draft, long.line)})",
                )
    if draft.waves and all(w.span for w in draft.waves):
        each = [(w.span.value, len(w.branches)) for w in draft.waves if w.span]
        quick = Span(low=sum(s.low for s, _ in each), high=sum(s.high for s, _ in each))
        slow = Span(low=sum(s.low * n for s, n in each), high=sum(s.high * n for s, n in each))
        low, high = _percent(quick, slow)
        yield low, high, f"the waves' durations, {_hours(quick)} hours against {_hours(slow)} for every branch alone,"


def _percent(quick: Span, slow: Span) -> tuple[int, int]:
    """Return the least and the most per cent that a range of durations saves of another."""
    return round(100 * (1 - quick.high / max(1, slow.low))), round(100 * (1 - quick.low / max(1, slow.high)))


def _short(text: str) -> str:
    return re.sub(r"\s+", " ", text.rsplit("=", 1)[-1]).strip(" .;:")[:40]
