"""What a rule sees: the plan, the profiles and notifiers there are, and the path of every branch in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from phaseplan.plan.lint.diagnostics import Path
from phaseplan.plan.model import Branch, PhasePlan


@dataclass(frozen=True)
class View:
    """One plan as its rules see it. `profiles`, `notifiers` None: unknown, so nothing is said about them."""

    plan: PhasePlan
    profiles: frozenset[str] | None = None
    notifiers: frozenset[str] | None = None

    @cached_property
    def places(self) -> tuple[tuple[Path, Branch], ...]:
        """Every branch with its path, in plan order, branches with a repeated id included."""
        return tuple(
            (("waves", i, "branches", j), branch)
            for i, wave in enumerate(self.plan.waves)
            for j, branch in enumerate(wave.branches)
        )

    @cached_property
    def wave_index(self) -> dict[str, int]:
        """Position (not number) of each branch's wave; of a repeated id the first counts."""
        return {b.id: int(path[1]) for path, b in reversed(self.places)}

    @cached_property
    def needs(self) -> dict[str, frozenset[str]]:
        """Known direct dependencies of each branch."""
        return {b.id: frozenset(b.depends_on) & self.wave_index.keys() for _, b in self.places}

    def ancestors(self, branch_id: str) -> set[str]:
        """All branches that a branch needs; cycles do no harm."""
        seen: set[str] = set()
        todo = list(self.needs[branch_id])
        while todo:
            current = todo.pop()
            if current not in seen:
                seen.add(current)
                todo.extend(self.needs[current])
        return seen

    def ordered(self, one: str, other: str) -> bool:
        """Whether one of two branches waits for the other."""
        return one in self.ancestors(other) or other in self.ancestors(one)

    def items(self, field: str) -> Iterator[tuple[Path, Branch, str]]:
        """Every text in a list of every branch (`depends_on`, `owns`), with its path."""
        for path, branch in self.places:
            for i, text in enumerate(getattr(branch, field)):
                yield (*path, field, i), branch, text
