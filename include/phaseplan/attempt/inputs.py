"""Compute by name what a build and its verdict depend on, so that a change can be named.

Two keys follow from it. All of it together is the input key: the same key and a passed verdict mean that nothing
needs to be done (I14 in docs/design/merge.md). The part in BUILT is what the agent worked from: as long as that holds,
a branch that is integrated is never built again, whatever its base and its gates have become; it is gated again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from phaseplan import __version__
from phaseplan.attempt import brief
from phaseplan.gates.diff import gate_digest
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.ledger.records import Verdict
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.agents import ASIDE, AgentProfile
from phaseplan.plan.digest import sha256, without_talk
from phaseplan.plan.graph import transitive
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.repository.objects import tree_of
from phaseplan.repository.repo import GitRepo

#: Ingredients that an agent worked from, and what to call each when it changes. What the base holds is not among
#: them: which of its files count is a comparison of two trees (`phase.due`), not a digest.
BUILT: Mapping[str, str] = {
    "entry": "its entry in the plan changed",
    "profile": "the plan names another agent for it",
    "agent": "its agent's profile changed",
    "image": "its agent's image changed",
    "conventions": "the conventions changed",
    "dependencies": "what it depends on has another result",
}
#: What a person said when work was sent back; an ingredient only of branches whose work was.
SENT_BACK = "sent_back"
#: Of work that a person pushed no agent, image or brief is an input.
BUILT_BY_A_PERSON = ("entry", "dependencies")

Images = Callable[[str, str], str]  # which image a name means on this engine, under a scheme


@dataclass(frozen=True)
class Builder:
    """Hold the profiles that build and gate a branch.

    :param named: profile that the plan names, even if another one built it.
    """

    named: str
    profile: AgentProfile
    gates: AgentProfile
    images: Images


@dataclass(frozen=True)
class Start:
    """Hold what a branch is built from.

    :param base: the run's pinned base.
    :param workspace: the commit its agent starts from: base and dependencies. Of the key only its tree is part.
    """

    base: str
    workspace: str


def ingredients(
    repo: GitRepo,
    snapshot: Snapshot,
    plan: PhasePlan,
    branch: Branch,
    builder: Builder,
    start: Start,
    scheme: str = schemes.CURRENT,
) -> dict[str, str]:
    """Return short digests by name. A dependency's result counts as far as the workspace holds it.

    :param scheme: how models are hashed; another than today's only to compare with what was recorded then.
    """
    dump = schemes.dump(scheme)
    entry = {
        "branch": without_talk({key: value for key, value in dump(branch).items() if key != "agent"}),
        "shared": [dump(s) for s in plan.shared_with(branch.id)],
        "generated": [dump(g) for g in plan.generated_files],
        **schemes.whole(scheme, plan),
    }
    wave = next(wave for wave in plan.waves if wave.wave == plan.wave_of[branch.id])
    # Most often one image, for which the engine is asked once.
    images = {name: builder.images(name, scheme) for name in {builder.gates.image, builder.profile.image}}
    checks = [gate_digest(plan, branch, builder.gates), images[builder.gates.image], *wave.validation]
    found = {
        "entry": entry,
        "profile": builder.named,
        "agent": {key: value for key, value in dump(builder.profile).items() if key not in ASIDE},
        "image": images[builder.profile.image],
        "conventions": brief.conventions(repo, plan, start.base),
        "dependencies": [(d, _held(repo, snapshot, d, start.workspace)) for d in transitive(plan, branch.id)],
        "tree": tree_of(repo, start.workspace),
        "gates": checks,
        "version": __version__,
    }
    if remarks := snapshot.opened.ledger.remarks.get(branch.id) if snapshot.opened.ledger else None:
        found[SENT_BACK] = [remark.words for remark in remarks]
    mark = {} if scheme == schemes.FIRST else {schemes.NAME: scheme}
    return mark | {name: sha256(value)[:16] for name, value in found.items()}


def _held(repo: GitRepo, snapshot: Snapshot, needed: str, workspace: str) -> str | None:
    """Return the commit that a dependency stands for now, if a workspace was made with it."""
    verdict = snapshot.current(needed)
    known = verdict is not None and verdict.commit is not None and repo.is_ancestor(verdict.commit, workspace)
    return verdict.commit if verdict is not None and known else None


def key_of(found: Mapping[str, str]) -> str:
    """Compute the input key: one digest of all ingredients."""
    return sha256(dict(found))


def same_task(now: Mapping[str, str], then: Mapping[str, str]) -> bool:
    """Say whether an agent that was given `then` has been given what it would be given now."""
    same = schemes.of(now) == schemes.of(then)
    return bool(then) and same and all(now.get(name) == then.get(name) for name in (*BUILT, SENT_BACK))


def outdated(now: Mapping[str, str], verdict: Verdict) -> tuple[str, ...]:
    """Describe which inputs of a verdict's work have changed since; empty: none has.

    What cannot be compared, because another Phaseplan has recorded it or had no name for it, is no reason to build
    anew: the gates say whether the work still holds.

    :param now: under the scheme that `schemes.readable` names for the verdict.
    """
    if now.get(SENT_BACK) != verdict.inputs.get(SENT_BACK):
        return ("a person sent it back",)
    if not verdict.inputs:
        return ("nothing is recorded of what it was built from",)
    of_interest = BUILT_BY_A_PERSON if verdict.source == "person" else tuple(BUILT)
    known = verdict.inputs if schemes.of(now) == schemes.of(verdict.inputs) else {}
    return tuple(BUILT[name] for name in of_interest if name in known and now.get(name) != known[name])
