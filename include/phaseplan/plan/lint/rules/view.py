"""Give lint rules the plan, the known profiles and notifiers, and the path of every branch in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.lint.diagnostics import Path
from phaseplan.plan.model import Branch, PhasePlan


@dataclass(frozen=True)
class View:
    """Hold one plan for its rules. `profiles`, `notifiers` None: unknown, so they are not checked.

    :param models: those of the profiles that ask a language model.
    :param unnamed: by profile, the Airflow connection that has to name its model, because the profile does not.
    :param described: the profiles that could be read.
    """

    plan: PhasePlan
    profiles: frozenset[str] | None = None
    notifiers: frozenset[str] | None = None
    models: frozenset[str] = frozenset()
    unnamed: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, AgentProfile] = field(default_factory=dict)

    @cached_property
    def places(self) -> tuple[tuple[Path, Branch], ...]:
        """Return every branch with its path, in plan order, branches with a repeated id included."""
        return tuple(
            (("waves", i, "branches", j), branch)
            for i, wave in enumerate(self.plan.waves)
            for j, branch in enumerate(wave.branches)
        )

    @cached_property
    def wave_index(self) -> dict[str, int]:
        """Return the position (not number) of each branch's wave; of a repeated id the first counts."""
        return {b.id: int(path[1]) for path, b in reversed(self.places)}

    @cached_property
    def needs(self) -> dict[str, frozenset[str]]:
        """Return the known direct dependencies of each branch."""
        return {b.id: frozenset(b.depends_on) & self.wave_index.keys() for _, b in self.places}

    def ancestors(self, branch_id: str) -> set[str]:
        """Return all branches that a branch needs; cycles do no harm."""
        ancestors: set[str] = set()
        todo = list(self.needs[branch_id])
        while todo:
            current = todo.pop()
            if current not in ancestors:
                ancestors.add(current)
                todo.extend(self.needs[current])
        return ancestors

    def ordered(self, one: str, other: str) -> bool:
        """Say whether one of two branches waits for the other."""
        return one in self.ancestors(other) or other in self.ancestors(one)

    def items(self, field: str) -> Iterator[tuple[Path, Branch, str]]:
        """List every text in a list of every branch (`depends_on`, `owns`), with its path."""
        for path, branch in self.places:
            for i, text in enumerate(getattr(branch, field)):
                yield (*path, field, i), branch, text
