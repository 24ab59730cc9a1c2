"""Combine several plans into one net of numbered jobs: what waits for what, whatever the reason.

Branches are jobs 0 to n-1 in plan order. Behind them come gates, which take no time and no agent: one that opens each
phase, in `start: wave` one behind each wave, one that closes each phase. So waves and phases need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from phaseplan.plan.durations import Estimate, Learned, estimates_of
from phaseplan.plan.graph import merge_order, urgency
from phaseplan.plan.model import Branch, PhasePlan, Start


@dataclass(frozen=True)
class Work:
    """Hold plans in the order of their phases, each branch with its estimate. Branches are known by their number."""

    plans: tuple[PhasePlan, ...]
    branches: tuple[Branch, ...]
    plan_of: tuple[int, ...]  # index of the plan, by branch
    orders: tuple[tuple[str, ...], ...]  # merge order, by plan
    estimates: tuple[Estimate, ...]
    costs: tuple[float, ...]  # seconds: the mean of each estimate

    @property
    def total(self) -> float:
        """Return the seconds of all work by one agent."""
        return sum(self.costs)

    def cost_of(self, index: int) -> dict[str, float]:
        """Return the seconds of one plan's branches, by id."""
        return {b.id: c for b, c, p in zip(self.branches, self.costs, self.plan_of, strict=True) if p == index}


@dataclass(frozen=True)
class Net:
    """Hold which job waits for which, by number; and which goes first if several may start."""

    needs: tuple[tuple[int, ...], ...]
    after: tuple[tuple[int, ...], ...]
    urgent: tuple[int, ...]  # branches, the most urgent first within each phase
    rank: tuple[int, ...]  # place in `urgent`, by branch
    waits: tuple[int, ...]  # how many each needs


def gather(plans: Sequence[PhasePlan], learned: Mapping[int, Learned] | None = None) -> Work:
    """Collect the work of plans that lint without errors.

    :param learned: seconds of past runs, by phase and branch id.
    """
    ordered = _by_phase(plans)
    branches: list[Branch] = []
    plan_of: list[int] = []
    estimates: list[Estimate] = []
    for index, plan in enumerate(ordered):
        known = estimates_of(plan, (learned or {}).get(plan.phase))
        branches += plan
        plan_of += [index] * len(known)
        estimates += [known[b.id] for b in plan]
    return Work(
        ordered,
        tuple(branches),
        tuple(plan_of),
        tuple(map(merge_order, ordered)),
        tuple(estimates),
        tuple(e.mean for e in estimates),
    )


def connect(work: Work, start: Start | None = None) -> Net:
    """Build the net of a start mode; None: of each plan's own."""
    needs: list[list[int]] = [[] for _ in work.branches]
    urgent: list[int] = []
    closed: dict[int, int] = {}  # phase -> its last gate
    first = 0
    for index, plan in enumerate(work.plans):
        count, mode = len(plan.place), start or plan.start
        urgent += [first + plan.place[b] for b in urgency(plan, work.cost_of(index), mode, work.orders[index])]
        opened = _gate(needs, [closed[p] for p in plan.depends_on if p in closed])
        for offset, branch in enumerate(plan):
            needs[first + offset] = [first + plan.place[n] for n in branch.depends_on]
        if mode == "wave":
            closed[plan.phase] = _waves(needs, plan, first, opened)
        else:
            for number in range(first, first + count):
                needs[number] = needs[number] or [opened]
            closed[plan.phase] = _gate(needs, list(range(first, first + count)))
        first += count
    after: list[list[int]] = [[] for _ in needs]
    for number, needed in enumerate(needs):
        for other in needed:
            after[other].append(number)
    rank = sorted(range(len(urgent)), key=urgent.__getitem__)
    return Net(tuple(map(tuple, needs)), tuple(map(tuple, after)), tuple(urgent), tuple(rank), tuple(map(len, needs)))


def _waves(needs: list[list[int]], plan: PhasePlan, first: int, gate: int) -> int:
    """Put each wave behind the gate of the one before it; return the last gate."""
    for wave in plan.waves:
        numbers = range(first, first + len(wave.branches))
        for number in numbers:
            needs[number] = [gate, *(n for n in needs[number] if n in numbers)]
        gate = _gate(needs, list(numbers))
        first += len(wave.branches)
    return gate


def _gate(needs: list[list[int]], behind: list[int]) -> int:
    needs.append(behind)
    return len(needs) - 1


def _by_phase(plans: Sequence[PhasePlan]) -> tuple[PhasePlan, ...]:
    """Sort phases behind those they depend on, else by number. A dependency that is not given here is ignored."""
    by_number = {plan.phase: plan for plan in sorted(plans, key=lambda p: p.phase)}
    sorter = TopologicalSorter({n: [d for d in p.depends_on if d in by_number] for n, p in by_number.items()})
    return tuple(by_number[n] for n in sorter.static_order())
