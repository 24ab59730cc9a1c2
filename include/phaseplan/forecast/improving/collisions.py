"""Find pairs of branches that may change the same path at the same time, and what it costs to let them wait."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.forecast.improving.proposal import makespan, with_branch
from phaseplan.plan.graph import merge_order
from phaseplan.plan.lint.diagnostics import Path
from phaseplan.plan.lint.rules.overlap import common, overlaps
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.plan.spans import text


@dataclass(frozen=True)
class Collision:
    """Two branches of one wave, in plan order, and a path that both own."""

    first: Branch
    second: Branch
    example: str

    @property
    def pair(self) -> tuple[str, str]:
        """Return the ids of both branches."""
        return self.first.id, self.second.id


def collisions(plan: PhasePlan) -> tuple[Collision, ...]:
    """List what `lint` reports as PP503: of each pair all paths that show where their patterns meet."""
    view = View(plan)
    found = (
        Collision(first, second[1], path)
        for index in range(len(plan.waves))
        for first, second, _, _ in overlaps(view, index)
        for _, path in common(view, first, second[1])
    )
    return tuple({(c.pair, c.example): c for c in found}.values())


def path_of(plan: PhasePlan, branch_id: str) -> Path:
    """Find the place of a branch in the plan file."""
    return next(path for path, branch in View(plan).places if branch.id == branch_id)


def worth(plan: PhasePlan, pairs: list[tuple[str, str]]) -> str:
    """Describe the gain when these pairs need not wait for each other."""
    place = {branch_id: i for i, branch_id in enumerate(merge_order(plan))}
    chained = plan
    for one, other in pairs:
        early, late = sorted((one, other), key=place.__getitem__)
        branch = chained.by_id[late]
        needs = branch.model_copy(update={"depends_on": (*branch.depends_on, early)})
        chained = with_branch(chained, path_of(chained, late), needs)
    side, behind = makespan(plan), makespan(chained)
    if behind <= side:
        return f"ends after {text(side)}, and nothing collides"
    return f"ends after {text(side)}; one behind the other it would be {text(behind)}"
