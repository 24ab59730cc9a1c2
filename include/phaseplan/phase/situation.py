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
    """Hold one look at the ledger. Make a new one after every move of it."""

    repo: GitRepo
    snapshot: Snapshot
    images: Images
    _trees: dict[str, Tree] = field(default_factory=dict)

    @cached_property
    def ledger(self) -> Ledger:
        """Return the ledger with every result folded in."""
        return self.snapshot.folded()

    @property
    def pinned(self) -> Pinned:
        """Return plan and profiles of the run."""
        return self.snapshot.require_open().pinned

    @property
    def plan(self) -> PhasePlan:
        """Return the plan of the run."""
        return self.pinned.plan

    @property
    def run(self) -> RunRecord:
        """Return the run that holds the ledger."""
        return self.snapshot.require_open().run

    @cached_property
    def inside(self) -> dict[str, Verdict]:
        """Return the verdict of each integrated branch, in plan order; then of branches that the plan names no more."""
        found = {b: r.verdict for b, r in self.ledger.branches.items() if r.state is State.INTEGRATED and r.verdict}
        known = [b.id for b in self.plan if b.id in found]
        return {b: found[b] for b in (*known, *sorted(found.keys() - set(known)))}

    @cached_property
    def chosen(self) -> frozenset[str]:
        """Return the branches that the run is about; a run about all is also about those that left the plan."""
        return frozenset(selection(self.plan, self.run)) | (frozenset() if self.run.branches else self.unplanned)

    @property
    def unplanned(self) -> frozenset[str]:
        """Return integrated branches that the plan names no more."""
        return frozenset(self.inside.keys() - self.plan.by_id.keys())

    @property
    def head(self) -> str:
        """Return the integration head as it is, or the base."""
        return self.ledger.integration or self.run.base

    @cached_property
    def moved(self) -> bool:
        """Say whether the base has commits that integration has not."""
        return not self.repo.is_ancestor(self.run.base, self.head)

    @property
    def base_name(self) -> str:
        """Return the name of the base for people."""
        return "what it depends on" if self.run.base_name == DEPENDENCIES else self.run.base_name

    def tree(self, commit: str) -> Tree:
        """Read every path of a commit."""
        if commit not in self._trees:
            self._trees[commit] = entries(self.repo, commit)
        return self._trees[commit]

    def needing(self, branch_id: str) -> tuple[str, ...]:
        """List the integrated branches that need this one, directly or not."""
        found = dependents(self.plan, branch_id) if branch_id in self.plan.by_id else ()
        return tuple(b for b in found if b in self.inside)

    def closed(self, roots: Sequence[str]) -> tuple[str, ...]:
        """List integrated branches with everything integrated that needs one of them, in plan order."""
        wanted = {*roots, *(b for root in roots for b in self.needing(root))}
        return tuple(b for b in self.inside if b in wanted)

    def inputs(self, branch: Branch, verdict: Verdict) -> dict[str, str]:
        """Compute what building the branch from its workspace depends on now, by the scheme of its verdict."""
        return self.fresh(branch, verdict, schemes.readable(verdict.inputs))

    def fresh(self, branch: Branch, verdict: Verdict, scheme: str = schemes.CURRENT) -> dict[str, str]:
        """Compute the same by a given scheme, by default the current one."""
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
        """Return who builds and gates the branch; another agent for the whole run does not change who built it."""
        named = self.plan.profile_of(branch) or ""
        profile = self.pinned.profiles.get(verdict.agent) or self._profile(named)
        return Builder(named, profile, self.gates_of(branch.id), self.images)

    def gates_of(self, branch_id: str) -> AgentProfile:
        """Return the profile of a branch's gate containers."""
        named = self.plan.profile_of(self.plan.by_id[branch_id]) or ""
        return gate_profile(self.plan, self._profile(self.plan.gates.profile or self.run.agent or named))

    def _profile(self, name: str) -> AgentProfile:
        if name not in self.pinned.profiles:
            raise Bug(f"agent profile {name!r} is not pinned in the ledger of phase {self.plan.phase}")
        return self.pinned.profiles[name]
