"""Find figures that are no sums, graphs that say another order than the text, critical paths that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from phaseplan.documents.importing.spans import spans, written
from phaseplan.documents.outline import tables
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Trouble, Unit
from phaseplan.documents.outline.text import size
from phaseplan.plan.spans import Span

Needs = dict[str, set[str]]
_TOTAL = re.compile(
    r"\W*(?:grand )?(?:total|sum|overall|summe|gesamt\w*|insgesamt|totale?)\b[^:|\d]{0,30}:\s*(?P<rest>\W{0,3}\d.*)",
    re.I,
)


def sums(doc: Document, units: list[Unit]) -> Iterator[Trouble]:
    """Yield PP902: rows that add up a table, and lines `Total effort: 40 hours`, that are not the sum of the units."""
    for table in tables.tables(doc):
        members = [tables.unit(table, row) for row in table.rows] if table.sums else []
        whole = [unit for unit in members if unit is not None]
        for row in table.sums if len(whole) == len(members) else ():
            stated = tables.sum_of(table, row)
            yield from _sum(
                row.number, "the rows above", whole, stated.lines.value if stated.lines else None, stated.span
            )
    for line in doc.lines:
        counted = line.kind in ("text", "item") and ":" in line.raw and len(line.raw) < 200
        match = _TOTAL.fullmatch(line.plain) if counted else None
        if match is not None and len(units) > 1:
            times = spans(match["rest"])
            span = At(times[0], line.number) if len(times) == 1 else None
            yield from _sum(line.number, "all units", units, size(match["rest"]), span)


def _sum(line: int, of: str, units: list[Unit], lines: int | None, span: At[Span] | None) -> Iterator[Trouble]:
    hint = "one of the two is wrong; the plan has what the units say"
    sizes = [unit.lines.value for unit in units if unit.lines]
    if lines is not None and len(sizes) == len(units) and sum(sizes) != lines:
        message = f"{lines} lines in all, but {of} add up to {sum(sizes)}"
        yield Trouble("PP902", line, message, hint)
    times = [unit.span.value for unit in units if unit.span]
    if span is not None and len(times) == len(units):
        truth = Span(low=sum(time.low for time in times), high=sum(time.high for time in times))
        if truth.high < span.value.low or truth.low > span.value.high:
            message = f"{written(span.value)} in all, but {of} add up to {written(truth)}"
            yield Trouble("PP902", line, message, hint)


def graph(stated: dict[tuple[str, str], int], drawn: dict[tuple[str, str], int]) -> Iterator[Trouble]:
    """Yield PP901: needs that text or tables state and a graph of the same units does not, and the other way round.

    :param stated: line of each pair of who is needed and who needs it; what follows from others is no contradiction.
    """
    nodes = {unit for pair in drawn for unit in pair}
    for one, other, names in ((stated, drawn, ("text or table", "graph")), (drawn, stated, ("graph", "text or table"))):
        known = nodes if one is stated else {by for _, by in stated}
        implied = closure(one_needs(other))
        for (needed, by), line in one.items():
            if by in known and (one is drawn or needed in nodes) and needed not in implied.get(by, set()):
                places = sorted({at for (_, who), at in other.items() if who == by})
                where = f"line {places[0]}" if places else "nothing there"
                message = f"{by} needs {needed} by the {names[0]}, and not by the {names[1]} ({where})"
                yield Trouble("PP901", line, message, "both are in the plan; delete the one that is wrong")


def one_needs(pairs: Iterable[tuple[str, str]]) -> Needs:
    """Return what each unit needs by itself."""
    out: Needs = {}
    for needed, by in pairs:
        out.setdefault(by, set()).add(needed)
    return out


def closure(needs: Needs) -> Needs:
    """Return what each unit needs by itself or by others."""
    out: Needs = {}
    for unit in needs:
        todo, found = list(needs[unit]), set[str]()
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += needs.get(one, ())
        out[unit] = found
    return out


def critical(file: str, path: At[tuple[str, ...]], units: list[Unit]) -> Iterator[Trouble]:
    """Yield PP905: a critical path that goes where no need goes, or that is shorter than another one.

    A path may name units that were left out; nothing is said of these.
    """
    by_id = {unit.id: unit for unit in units}
    needs = {unit.id: {need.value for need in unit.needs} for unit in units}
    implied = closure(needs)
    for one, other in pairwise(path.value):
        if one in by_id and other in by_id and one not in implied[other]:
            own = by_id[other]
            others = ", ".join(need.value for need in own.needs) or "nothing"
            where = f" ({Path(file).name}:{own.needs[0].line if own.needs else own.line})"
            message = f"the critical path goes {one} -> {other}, but {other} does not need {one}: "
            message += f"it needs {others}{where}"
            yield Trouble("PP905", path.line, message, "a claim; nothing is computed from it")
            return
    for kind, cost in (("time", _time), ("lines", _lines)):
        costs = {unit.id: cost(unit) for unit in units}
        if all(costs.values()) and costs.keys() >= set(path.value):
            longest, length = _longest(needs, costs), sum(costs[one] for one in path.value)
            if sum(costs[one] for one in longest) > length:
                message = f"the critical path is shorter than {' -> '.join(longest)}, by the units' own {kind}"
                yield Trouble("PP905", path.line, message, "a claim; nothing is computed from it")
            return


def _time(unit: Unit) -> int:
    return unit.span.value.high if unit.span else 0


def _lines(unit: Unit) -> int:
    return unit.lines.value if unit.lines else 0


def _longest(needs: Needs, costs: dict[str, int]) -> tuple[str, ...]:
    """Return the most costly chain; of a circle, none."""
    best: dict[str, tuple[int, tuple[str, ...]]] = {}
    try:
        for unit in TopologicalSorter(needs).static_order():
            before = max((best[need] for need in needs.get(unit, ())), default=(0, ()))
            best[unit] = (before[0] + costs.get(unit, 0), (*before[1], unit))
    except CycleError:
        return ()
    return max(best.values(), default=(0, ()))[1]
