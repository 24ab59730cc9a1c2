"""Find contradictions of numbers: totals, estimates, agents, the waves' own durations."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.documents.importing.contradictions.trouble import clash
from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.importing.facts import Said
from phaseplan.documents.importing.spans import written
from phaseplan.documents.outline.model import At, Group, Trouble, Unit
from phaseplan.plan.durations import SECONDS_A_LINE
from phaseplan.plan.spans import Span


def find(draft: Draft) -> Iterator[Trouble]:
    """Yield all contradictions of numbers."""
    facts, units, groups = draft.facts, draft.units, draft.part.groups
    yield from _total(draft, facts.branch_counts, len(units), "branches", units[0].line)
    yield from _total(draft, facts.wave_counts, len(groups), "waves", 1)
    yield from _sizes(draft, facts.line_totals, units, "lines")
    for group in groups:
        yield from _wave(draft, group)
        yield from _times(draft, group)
        yield from _inside(draft, group)
    agents = (fact for group in groups for fact in facts.wave(group.number).agents)
    most = max(agents, key=lambda fact: fact.value, default=None)
    for fact in facts.max_agents[:1]:
        if most is not None and fact.value != most.value:
            text = f"at most {fact.value} agents at once, but a wave has {most.value}"
            yield clash(draft, "PP902", fact.line, text, most.line, f"took {fact.value}")
    for unit in units:
        yield from _lines(draft, unit)


def _total(draft: Draft, stated: list[Said[int]], truth: int, noun: str, line: int) -> Iterator[Trouble]:
    """PP902: report each different figure once."""
    for value, first in {s.value: s for s in reversed(stated)}.items():
        if value != truth:
            text = f"{value} {noun} are promised, {truth} are described"
            yield clash(draft, "PP902", first.line, text, line, "took what is described")


def _sizes(draft: Draft, stated: list[Said[int]], units: list[Unit], noun: str) -> Iterator[Trouble]:
    """PP902: compare a sum of lines with the units', if all of them are estimated."""
    lines = [unit.lines for unit in units if unit.lines]
    if lines and len(lines) == len(units):
        yield from _total(draft, stated, sum(one.value for one in lines), noun, lines[0].line)


def _wave(draft: Draft, group: Group) -> Iterator[Trouble]:
    facts, many = draft.facts.wave(group.number), len(group.units)
    yield from _total(draft, facts.counts, many, f"branches of wave {group.number}", group.line)
    yield from _sizes(draft, facts.totals, group.units, f"lines of wave {group.number}")
    for fact in facts.agents[:1]:
        if fact.value > many:
            text = f"wave {group.number} has {fact.value} agents for {many} branches"
            yield clash(draft, "PP902", fact.line, text, group.line)


def _times(draft: Draft, group: Group) -> Iterator[Trouble]:
    """PP911: report two durations of one wave."""
    own = group.span
    for fact in draft.facts.wave(group.number).spans if own else ():
        assert own is not None
        later = fact.value.low > own.value.high and fact.source != "text"  # `(Day 2)` is when, not how long
        if later or fact.value.high < own.value.low:
            text = f"wave {group.number} takes {written(own.value)}, and {written(fact.value)}"
            yield clash(draft, "PP911", own.line, text, fact.line, f"took {written(own.value)}; a day is 8 hours")
            return


def _inside(draft: Draft, group: Group) -> Iterator[Trouble]:
    """PP907: compare the longest chain inside a wave with its duration, and with as many agents as branches."""
    members = {unit.id for unit in group.units}
    inside = {unit.id: [need for need in unit.needs if need.value in members] for unit in group.units}
    by, needed = next(((unit, needs[0]) for unit, needs in inside.items() if needs), ("", None))
    if needed is None:
        return
    for agents in draft.facts.wave(group.number).agents[:1]:
        if agents.value >= len(members):
            text = f"wave {group.number} has all {len(members)} branches at once, but {by} waits for {needed.value}"
            yield clash(draft, "PP907", agents.line, f"{text} of the same wave", needed.line, "kept the dependency")
    for name, cost in (("their own estimates", _stated), (f"{3600 // SECONDS_A_LINE} lines an hour", _paced)):
        costs = {unit.id: cost(unit) for unit in group.units}
        seconds, chain = max(_chain(unit, inside, costs, ()) for unit in inside)
        if chain and group.span is not None and seconds > group.span.value.high:
            text = f"wave {group.number} is to take {written(group.span.value)}, but {' -> '.join(chain)},"
            text += f" one after another, take {written(Span(low=seconds, high=seconds))} by {name}"
            yield clash(draft, "PP907", group.span.line, text, needed.line, "kept both")
            return


def _stated(unit: Unit) -> int | None:
    return unit.span.value.low if unit.span else None


def _paced(unit: Unit) -> int | None:
    return unit.lines.value * SECONDS_A_LINE if unit.lines else None


def _chain(
    branch: str, inside: dict[str, list[At[str]]], costs: dict[str, int | None], visited: tuple[str, ...]
) -> tuple[int, tuple[str, ...]]:
    """Return seconds and branches of the longest chain that ends here; nothing if an estimate is missing."""
    own = costs[branch]
    if own is None or branch in visited or len(visited) > 8:
        return 0, ()
    before = max((_chain(n.value, inside, costs, (*visited, branch)) for n in inside[branch]), default=(0, ()))
    return before[0] + own, (*before[1], branch)


def _lines(draft: Draft, unit: Unit) -> Iterator[Trouble]:
    """PP911: report an estimate that changed or differs."""
    own = unit.lines
    others = ((n, mention.line) for mention in draft.mentions(unit) for n in mention.lines if own and n != own.value)
    value, line = next(others, (0, 0))
    if own is not None and line:
        text = f"{unit.id} has {own.value} lines, and {value}"
        yield clash(draft, "PP911", own.line, text, line, f"took {own.value}")
