"""Check dependencies between branches: known, without circles, never on a later wave."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.lint.suggest import hint

_MOST_CYCLES = 20  # of one plan; more would not be read at once


def known_branches(view: View) -> Iterator[Finding]:
    """PP401: report a dependency on a branch that does not exist."""
    for path, branch, needed in view.items("depends_on"):
        if needed not in view.wave_index:
            others = [b for b in view.wave_index if b != branch.id]
            yield Finding("PP401", path, f"{branch.id} depends on {needed}, which no branch has as id",
                          hint(needed, others, "branches"))  # fmt: skip


def acyclic(view: View) -> Iterator[Finding]:
    """PP402: report each circle once, as a path."""
    needs = {branch: set(needed) for branch, needed in view.needs.items()}
    for _ in range(_MOST_CYCLES):
        cycle = _cycle(needs)
        if cycle is None:
            return
        start = cycle.index(min(cycle, key=list(needs).index))
        cycle = cycle[start:] + cycle[:start]
        needs[cycle[0]].discard(cycle[1 % len(cycle)])
        shown = " -> ".join([*cycle, cycle[0]])
        at = _edge(view, cycle[0], cycle[1 % len(cycle)])
        yield Finding("PP402", at, f"dependencies run in a circle: {shown}", "remove one of them")


def earlier_waves(view: View) -> Iterator[Finding]:
    """PP403: report a dependency on a branch of a later wave."""
    for path, branch, needed in view.items("depends_on"):
        own, other = int(path[1]), view.wave_index.get(needed, -1)
        if other > own:
            now, later = view.plan.waves[own].wave, view.plan.waves[other].wave
            message = f"{branch.id} (wave {now}) depends on {needed}, which is built later, in wave {later}"
            yield Finding("PP403", path, message, f"move {branch.id} to wave {later} or after it")


def listed_once(view: View) -> Iterator[Finding]:
    """PP407: report a dependency that is listed twice."""
    for path, branch, needed in view.items("depends_on"):
        if needed in branch.depends_on[: int(path[-1])]:
            yield Finding("PP407", path, f"{branch.id} lists {needed} twice", "keep one of them")


def _cycle(needs: dict[str, set[str]]) -> list[str] | None:
    """Return one circle, each branch before the one it needs; None if there is none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1][1:]))
    return None


def _edge(view: View, branch_id: str, needed: str) -> Path:
    """Return the path at which `branch_id` lists `needed`."""
    return next(path for path, branch, text in view.items("depends_on") if branch.id == branch_id and text == needed)
