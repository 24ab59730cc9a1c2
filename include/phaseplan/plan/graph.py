"""Compute orders and closures over a plan's dependencies: pure functions of the plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phaseplan.plan.model import PhasePlan


def transitive(plan: PhasePlan, branch_id: str) -> tuple[str, ...]:
    """List all branches that a branch needs, without itself, in merge order."""
    needed = _closure(plan, plan.by_id[branch_id].depends_on)
    if len(needed) < 2:
        return tuple(needed)
    return tuple(b for b in merge_order(plan) if b in needed)


def dependents(plan: PhasePlan, branch_id: str) -> tuple[str, ...]:
    """List all branches that need a branch, directly or not, in merge order."""
    return tuple(b for b in merge_order(plan) if branch_id in _closure(plan, plan.by_id[b].depends_on))


def merge_order(plan: PhasePlan) -> tuple[str, ...]:
    """Order branches topologically, then by plan order; a shared file's owner before the others listed for it.

    The owner edge is dropped where it would close a cycle with real dependencies.
    """
    before = {branch.id: set(branch.depends_on) for branch in plan}
    for shared in plan.shared_files:
        for other in shared.branches:
            if other != shared.owner and not reaches(before, shared.owner, other):
                before[other].add(shared.owner)
    sorter = TopologicalSorter(before)
    sorter.prepare()
    ready: list[tuple[int, str]] = []
    out: list[str] = []
    while sorter.is_active() or ready:
        for branch_id in sorter.get_ready():
            heappush(ready, (plan.place[branch_id], branch_id))
        current = heappop(ready)[1]
        out.append(current)
        sorter.done(current)
    return tuple(out)


def by_wave(plan: PhasePlan, order: Sequence[str]) -> dict[int, list[str]]:
    """Group branches by the number of their wave, in the given order."""
    members: dict[int, list[str]] = {wave.wave: [] for wave in plan.waves}
    for branch_id in order:
        members[plan.wave_of[branch_id]].append(branch_id)
    return members


def implied(plan: PhasePlan, branch_id: str) -> tuple[str, ...]:
    """List dependencies of a branch that another of its dependencies has already."""
    direct = plan.by_id[branch_id].depends_on
    behind = _closure(plan, [further for needed in direct for further in plan.by_id[needed].depends_on])
    return tuple(needed for needed in direct if needed in behind)


def _closure(plan: PhasePlan, some: Sequence[str]) -> set[str]:
    """Return these branches and all that they need."""
    reached: set[str] = set()
    todo = list(some)
    while todo:
        current = todo.pop()
        if current not in reached:
            reached.add(current)
            todo.extend(plan.by_id[current].depends_on)
    return reached


def urgency(
    plan: PhasePlan, cost: Mapping[str, float], start: str, order: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Order branch ids by urgency: longest way to the end first, then plan order.

    The classic order of list scheduling (Hu 1961; Graham 1969). Where a wave waits for the one before it, its own end
    is what counts, and the way to the end of the phase only between equals.

    :param order: the merge order, if it was computed already.
    """
    order = order or merge_order(plan)
    remaining = _way(plan, cost, order, within_wave=False)
    if start == "dependencies":
        return tuple(sorted(order, key=lambda b: (-remaining[b], plan.place[b])))
    own = _way(plan, cost, order, within_wave=True)
    wave = {branch.id: i for i, w in enumerate(plan.waves) for branch in w.branches}
    return tuple(sorted(order, key=lambda b: (wave[b], -own[b], -remaining[b], plan.place[b])))


def _way(plan: PhasePlan, cost: Mapping[str, float], order: Sequence[str], within_wave: bool) -> dict[str, float]:
    """Compute seconds of the longest chain from each branch's start to the end of phase or wave, itself included."""
    remaining = dict.fromkeys(order, 0.0)
    for branch_id in reversed(order):
        remaining[branch_id] += cost[branch_id]
        for needed in plan.by_id[branch_id].depends_on:
            if not within_wave or plan.wave_of[needed] == plan.wave_of[branch_id]:
                remaining[needed] = max(remaining[needed], remaining[branch_id])
    return remaining


def reaches(before: Mapping[str, Collection[str]], start: str, goal: str) -> bool:
    """Say whether `goal` is needed, directly or not, by `start`."""
    todo, visited = [start], set[str]()
    while todo:
        current = todo.pop()
        if current == goal:
            return True
        if current not in visited:
            visited.add(current)
            todo.extend(before.get(current, ()))
    return False
