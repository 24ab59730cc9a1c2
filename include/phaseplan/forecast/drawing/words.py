"""Describe phases and waves in the same words for every chart."""

from __future__ import annotations

from collections.abc import Sequence

from phaseplan.plan.model import PhasePlan, Wave
from phaseplan.plan.spans import Span


def size(plan: PhasePlan) -> str:
    """Describe the size of a phase: `10 branches, 5000 lines, 4 agents`."""
    branches, lines = len(plan.by_id), sum(branch.lines for branch in plan)
    agents = plan.max_parallel_agents
    return ", ".join(
        f"{n} {noun if n == 1 else more}"
        for n, noun, more in ((branches, "branch", "branches"), (lines, "line", "lines"), (agents, "agent", "agents"))
        if n
    )


def span(duration: Span | None) -> str:
    """Write a duration: `4h to 6h`, `8h`, or an empty text if the plan names none."""
    if duration is None:
        return ""
    low, high = _long(duration.low), _long(duration.high)
    return low if low == high else f"{low} to {high}"


def _long(seconds: int) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def wave_head(wave: Wave) -> str:
    """Write the head of a wave: `Wave 2, 8h`."""
    return ", ".join(filter(None, (f"Wave {wave.wave}", span(wave.duration))))


def direct(plans: Sequence[PhasePlan]) -> list[tuple[int, int]]:
    """List pairs (needed phase, waiting phase), without those that follow from the others."""
    needs = {plan.phase: {p for p in plan.depends_on if any(p == other.phase for other in plans)} for plan in plans}
    return [
        (needed, phase)
        for phase, all_needed in needs.items()
        for needed in sorted(all_needed)
        if not any(needed in _below(other, needs) for other in all_needed if other != needed)
    ]


def _below(phase: int, needs: dict[int, set[int]]) -> set[int]:
    """Collect every phase that a phase waits for, itself not counted unless it waits for itself."""
    seen: set[int] = set()
    todo = list(needs.get(phase, ()))
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(needs.get(current, ()))
    return seen
