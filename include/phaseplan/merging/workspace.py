"""Compute the commit a branch starts from: the base with everything it depends on merged in."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from phaseplan.errors import PhaseplanError
from phaseplan.gates.workbench import Workbench
from phaseplan.ledger.records import Verdict
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.merging.chain import Conflict, Head, Merged, chain_merge
from phaseplan.merging.conservation import touched
from phaseplan.merging.regenerate import commands_of, remade, remakable
from phaseplan.plan.graph import transitive
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.objects import tree_of
from phaseplan.repository.repo import GitRepo


class DependencyOut(PhaseplanError):
    """A branch cannot start: a dependency is neither passed nor integrated."""

    def __init__(self, branch_id: str, cause: str) -> None:
        self.cause = cause
        super().__init__(f"{branch_id} cannot start: its dependency {cause} is neither passed nor integrated")


@dataclass(frozen=True)
class Workspace:
    """The commit an agent is given.

    :param dependencies: (id, judged commit) of all dependencies, in merge order.
    :param conflict: (id, why) where dependencies conflict with each other; `commit` is then of no use.
    """

    commit: str
    dependencies: tuple[tuple[str, str], ...]
    conflict: tuple[str, Conflict] | None
    tree: str
    disputed: str = ""  # generated files in which dependencies conflict, and which were made again


def synthesise(
    repo: GitRepo, plan: PhasePlan, base: str, snapshot: Snapshot, branch: Branch, bench: Workbench
) -> Workspace:
    """Merge a branch's transitive dependencies onto the run's pinned base: same inputs, same commit id.

    :raises DependencyOut: a dependency has no commit to build on.
    :raises GateFailed: the plan's generators fail on the merge.
    """
    heads = [head_of(plan, _judged(snapshot, branch, needed)) for needed in transitive(plan, branch.id)]
    merged = chain_merge(repo, base, heads, union=union_paths(plan), generated=remakable(plan))
    commit = merged.commit if merged.conflicted else regenerated(repo, plan, merged, heads, bench)
    return Workspace(
        commit=commit,
        dependencies=tuple((head.id, head.commit) for head in heads),
        conflict=next(iter(merged.conflicted.items()), None),
        tree=tree_of(repo, commit),
        disputed=merged.disputed,
    )


def _judged(snapshot: Snapshot, branch: Branch, needed: str) -> Verdict:
    verdict = snapshot.current(needed)
    if verdict is None or verdict.commit is None:
        raise DependencyOut(branch.id, needed)
    return verdict


def head_of(plan: PhasePlan, verdict: Verdict) -> Head:
    """Return a judged commit as a head to merge."""
    branch = plan.by_id[verdict.branch]
    assert verdict.commit is not None, "only passed verdicts are merged"
    needed = transitive(plan, branch.id)
    return Head(branch.id, verdict.commit, branch.title, verdict.base, branch.depends_on, builds_on=needed)


def union_paths(plan: PhasePlan) -> tuple[str, ...]:
    """List shared files of which a merge keeps both sides."""
    return tuple(shared.path for shared in plan.shared_files if shared.merge == "union")


def union_checks(plan: PhasePlan, paths: Collection[str]) -> list[str]:
    """List commands that check a union of lines among these paths: clean as text may be broken as a file."""
    return list(
        dict.fromkeys(
            shared.check.replace("{path}", shlex.quote(shared.path)).replace(
                "{dir}", shlex.quote(posixpath.dirname(shared.path) or ".")
            )
            for shared in plan.shared_files
            if shared.merge == "union" and shared.check and shared.path in paths
        )
    )


def regenerated(repo: GitRepo, plan: PhasePlan, merged: Merged, heads: Sequence[Head], bench: Workbench) -> str:
    """Return the merge with its generated files made again, if they may be stale.

    They are not where no head touched one, nor where the merge is just one head's own tree without any conflict: that
    was judged whole.

    :raises GateFailed: a generator failed, or left a file in conflict as it was.
    """
    mine = [head for head in heads if head.id in merged.ids]
    if not commands_of(plan) or not mine:
        return merged.commit
    stale = merged.generated_touched or any(
        matches(plan.generated, path) for paths in touched(repo, mine).values() for path in paths
    )
    whole = not merged.sides and tree_of(repo, merged.commit) in {tree_of(repo, head.commit) for head in mine}
    return remade(repo, plan, merged.commit, merged.sides, bench) if stale and not whole else merged.commit
