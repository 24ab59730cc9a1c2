"""Hold what deciding about a repeated run needs: one look at the ledger, and three trees to compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from phaseplan.attempt.inputs import Builder, Images, Start, ingredients
from phaseplan.errors import Bug
from phaseplan.gates.profile import gate_profile
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.ledger.records import Ledger, Pinned, RunRecord, State, Verdict
from phaseplan.ledger.run import selection
from phaseplan.ledger.write import Snapshot
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.graph import dependents
from phaseplan.plan.model import DEPENDENCIES, Branch, PhasePlan
from phaseplan.repository.objects import entries
from phaseplan.repository.repo import GitRepo

Tree = dict[str, tuple[str, str]]  # mode and object id by path


@dataclass(frozen=True)
class Situation:
    """One look. Make a new one after every move of the ledger."""

    repo: GitRepo
    snapshot: Snapshot
    images: Images
    _trees: dict[str, Tree] = field(default_factory=dict)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger with every result folded in."""
        return self.snapshot.folded()

    @property
    def pinned(self) -> Pinned:
        """Plan and profiles of the run."""
        return self.snapshot.require_open().pinned

    @property
    def plan(self) -> PhasePlan:
        """The plan of the run."""
        return self.pinned.plan

    @property
    def run(self) -> RunRecord:
        """The run that holds the ledger."""
        return self.snapshot.require_open().run

    @cached_property
    def inside(self) -> dict[str, Verdict]:
        """What each integrated branch is integrated for, in plan order; then branches that no plan names any more."""
        found = {b: r.verdict for b, r in self.ledger.branches.items() if r.state is State.INTEGRATED and r.verdict}
        known = [b.id for b in self.plan if b.id in found]
        return {b: found[b] for b in (*known, *sorted(found.keys() - set(known)))}

    @cached_property
    def chosen(self) -> frozenset[str]:
        """The branches that the run is about; a run about all is also about those that left the plan."""
        return frozenset(selection(self.plan, self.run)) | (frozenset() if self.run.branches else self.gone)

    @property
    def gone(self) -> frozenset[str]:
        """Integrated branches that the plan does not name any more."""
        return frozenset(self.inside.keys() - self.plan.by_id.keys())

    @property
    def head(self) -> str:
        """Integration as it is."""
        return self.ledger.integration or self.run.base

    @cached_property
    def moved(self) -> bool:
        """Whether the base has something that integration has not."""
        return not self.repo.is_ancestor(self.run.base, self.head)

    @property
    def base_name(self) -> str:
        """How people call the base."""
        return "what it depends on" if self.run.base_name == DEPENDENCIES else self.run.base_name

    def tree(self, commit: str) -> Tree:
        """Every path of a commit."""
        if commit not in self._trees:
            self._trees[commit] = entries(self.repo, commit)
        return self._trees[commit]

    def needing(self, branch_id: str) -> tuple[str, ...]:
        """The integrated branches that need this one, directly or not."""
        found = dependents(self.plan, branch_id) if branch_id in self.plan.by_id else ()
        return tuple(b for b in found if b in self.inside)

    def closed(self, roots: Sequence[str]) -> tuple[str, ...]:
        """Integrated branches with everything integrated that needs one of them, in plan order."""
        wanted = {*roots, *(b for root in roots for b in self.needing(root))}
        return tuple(b for b in self.inside if b in wanted)

    def inputs(self, branch: Branch, verdict: Verdict) -> dict[str, str]:
        """What building the branch depends on now, compared with how its work was begun, and as that was recorded."""
        return self.fresh(branch, verdict, schemes.readable(verdict.inputs))

    def fresh(self, branch: Branch, verdict: Verdict, scheme: str = schemes.CURRENT) -> dict[str, str]:
        """The same, as it is recorded now."""
        return ingredients(
            self.repo,
            self.snapshot,
            self.plan,
            branch,
            self._builder(branch, verdict),
            Start(self.run.base, verdict.base),
            scheme,
        )

    def _builder(self, branch: Branch, verdict: Verdict) -> Builder:
        """A run may have had another agent for all; what counts is that whoever built it is still the same."""
        named = self.plan.profile_of(branch) or ""
        profile = self.pinned.profiles.get(verdict.agent) or self._profile(named)
        return Builder(named, profile, self.gates_of(branch.id), self.images)

    def gates_of(self, branch_id: str) -> AgentProfile:
        """The profile of a branch's gate containers."""
        named = self.plan.profile_of(self.plan.by_id[branch_id]) or ""
        return gate_profile(self.plan, self._profile(self.plan.gates.profile or self.run.agent or named))

    def _profile(self, name: str) -> AgentProfile:
        if name not in self.pinned.profiles:
            raise Bug(f"agent profile {name!r} is not pinned in the ledger of phase {self.plan.phase}")
        return self.pinned.profiles[name]
