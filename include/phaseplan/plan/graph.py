"""Orders and closures over a plan's dependencies: pure functions of the plan."""

from __future__ import annotations

from graphlib import TopologicalSorter

from include.phaseplan.plan.model import PhasePlan


def transitive(plan: PhasePlan, branch_id: str) -> tuple[str, ...]:
    """All branches a branch needs, itself left out, in merge order."""
    seen: set[str] = set()
    todo = list(plan.by_id[branch_id].depends_on)
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(plan.by_id[current].depends_on)
    return tuple(b for b in merge_order(plan) if b in seen)


def dependents(plan: PhasePlan, branch_id: str) -> tuple[str, ...]:
    """All branches that need a branch, directly or not, in merge order."""
    return tuple(b for b in merge_order(plan) if branch_id in transitive(plan, b))


def merge_order(plan: PhasePlan) -> tuple[str, ...]:
    """Topological, then plan order; the owner of a shared file before the others listed for it.

    The owner edge is dropped where it would close a cycle with real dependencies.
    """
    before = {branch.id: set(branch.depends_on) for branch in plan}
    for shared in plan.shared_files:
        for other in shared.branches:
            if other != shared.owner and not _reaches(before, shared.owner, other):
                before[other].add(shared.owner)
    place = {branch.id: i for i, branch in enumerate(plan)}
    sorter = TopologicalSorter(before)
    sorter.prepare()
    ready: list[str] = []
    out: list[str] = []
    while sorter.is_active() or ready:
        ready.extend(sorter.get_ready())
        ready.sort(key=place.__getitem__)
        current = ready.pop(0)
        out.append(current)
        sorter.done(current)
    return tuple(out)


def _reaches(before: dict[str, set[str]], start: str, goal: str) -> bool:
    """Whether `goal` is needed, directly or not, by `start`."""
    todo, seen = [start], set()
    while todo:
        current = todo.pop()
        if current == goal:
            return True
        if current not in seen:
            seen.add(current)
            todo.extend(before[current])
    return False
