"""Find the commit a phase builds on: a branch, tag or commit, or what the phases it depends on integrated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress

from phaseplan.config.plan_cache import plan_file
from phaseplan.config.settings import repository_for
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger.read import read
from phaseplan.merging.chain import Head, chain_merge
from phaseplan.plan.model import DEPENDENCIES, PhasePlan
from phaseplan.repository.objects import missing
from phaseplan.repository.remote import BaseMissing, Remote
from phaseplan.repository.repo import GitRepo

_HINT = "or name another base: `base:` in the plan, or the parameter"


def resolve_base(
    remote: Remote, repo: GitRepo, plan: PhasePlan, name: str, *, listed: Mapping[str, str] | None = None
) -> str:
    """Find the commit that `name` means for a phase.

    `dependencies`, in a plan that has some, is what they integrated: of several heads the one that contains the
    others, else all of them merged in the order of their numbers. The same heads give the same commit.

    :param listed: what `remote.refs` has just said.
    :raises BaseMissing: there is no such branch, tag or commit, or a phase that is needed has integrated nothing.
    :raises InputFault: what two phases integrated does not go together.
    """
    if name != DEPENDENCIES or not plan.depends_on:
        return find_base(remote, repo, name, listed=listed)
    needed = sorted(set(plan.depends_on))
    heads = [Head(f"phase-{p}", _integrated(remote, repo, plan, p, listed)) for p in needed]
    first, *others = _tips(repo, heads)
    union = [shared.path for shared in plan.shared_files if shared.merge == "union"]
    merged = chain_merge(repo, first.commit, others, union=union)  # no command has made generated files again here
    for other in others:
        if (conflict := merged.conflicted.get(other.id)) is not None:
            before = ", ".join(h.id for h in [first, *others[: others.index(other)]])
            raise InputFault(
                f"phase {plan.phase} cannot build on {_names(plan)}: what {other.id} integrated conflicts with "
                f"{before} in {', '.join(conflict.paths)}. Next: merge one into the other in a branch, make generated "
                "files again there, and give that as the base of this phase, or let one of those phases depend on the "
                "other."
            )
    return merged.commit


def _integrated(remote: Remote, repo: GitRepo, plan: PhasePlan, phase: int, listed: Mapping[str, str] | None) -> str:
    """Return the head of what a phase has integrated, by its ledger."""
    ledger = read(repo, remote, phase, listed=listed).ledger
    if ledger is not None and ledger.integration is not None:
        return ledger.integration
    said = "has integrated nothing yet" if ledger else "was never opened"
    other = plan_file(phase)
    elsewhere = Remote(repository_for(other.repository)) if other and other.repository else remote
    if ledger is None and elsewhere.url != remote.url:
        raise BaseMissing(
            f"phase {plan.phase} builds on what phase {phase} integrated, and that is in another repository, "
            f"{elsewhere}. Name the base in {remote}: `base:` in the plan, or the parameter."
        )
    raise BaseMissing(
        f"phase {plan.phase} builds on what phase {phase} integrated, and phase {phase} {said} in {remote}. "
        f"Run phase {phase}, {_HINT}."
    )


def _tips(repo: GitRepo, heads: list[Head]) -> list[Head]:
    """Keep the heads that no other one contains; of equal ones the first."""
    kept: list[Head] = []
    for i, head in enumerate(heads):
        later = any(repo.is_ancestor(head.commit, h.commit) and h.commit != head.commit for h in heads)
        if not later and head.commit not in [h.commit for h in heads[:i]]:
            kept.append(head)
    return kept


def _names(plan: PhasePlan) -> str:
    return "phases " + ", ".join(map(str, sorted(set(plan.depends_on))))


def find_base(remote: Remote, repo: GitRepo, name: str, *, listed: Mapping[str, str] | None = None) -> str:
    """Find the commit behind a branch, a tag or a full commit id of the target repository."""
    held = remote.refs(repo=repo) if listed is None else listed
    for ref in (f"refs/heads/{name}", f"refs/tags/{name}"):
        if ref in held:
            if missing(repo, [held[ref]]):
                remote.take(repo, [ref], [held[ref]])
            if (commit := repo.rev(held[ref])) is not None:
                return commit
    if re.fullmatch(r"[0-9a-f]{40}", name) and (commit := _by_id(remote, repo, name, held)) is not None:
        return commit
    if not any(ref.startswith("refs/heads/") for ref in held):
        raise BaseMissing(f"{remote} has no branch yet to build on. Next: push a first commit to it.")
    raise BaseMissing(
        f"base {name!r} is neither a branch, a tag nor a commit of {remote}; set `base:` in the plan or the parameter"
    )


def _by_id(remote: Remote, repo: GitRepo, commit: str, held: Mapping[str, str]) -> str | None:
    """Find a commit that no ref need point at; if the server gives none by id, fetch all branches and tags."""
    if missing(repo, [commit]):
        with suppress(Infrastructure):
            remote.take(repo, [commit], [commit])
    if missing(repo, [commit]):
        remote.take(repo, [ref for ref in held if ref.startswith(("refs/heads/", "refs/tags/"))], [commit])
    return repo.rev(commit)
