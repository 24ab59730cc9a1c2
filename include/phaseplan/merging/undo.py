"""Compute integration without some branches: revert each of their merges, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from phaseplan.errors import PhaseplanError
from phaseplan.merging.chain import Head
from phaseplan.merging.conservation import violations
from phaseplan.merging.integration_line import Story, live, stories
from phaseplan.merging.regenerate import remakable
from phaseplan.merging.revert import revert
from phaseplan.merging.workspace import union_paths
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.merge_tree import Conflict, Sides, literal
from phaseplan.repository.objects import GONE, NEUTRAL, changes, entries
from phaseplan.repository.repo import GitRepo


class CannotUndo(PhaseplanError):
    """A branch's merge cannot be reverted as things are; nothing was touched."""

    def __init__(self, branch: str, why: str) -> None:
        self.branch = branch
        super().__init__(why)


@dataclass(frozen=True)
class Undone:
    """Integration without some branches.

    :param acts: by branch id: its (first) merge, and the last revert of it. A branch without a merge of its own, whose
        work was in the base already, is not among them.
    :param order: the branches as they were reverted.
    :param sides: generated paths of which one side was taken, with the other: see `remade`.
    """

    commit: str
    acts: dict[str, tuple[str, str]]
    order: tuple[str, ...]
    sides: Sides = field(default_factory=dict)


def undo(repo: GitRepo, plan: PhasePlan, tip: str, doomed: Sequence[str]) -> Undone:
    """Revert every merge of some branches that is in now. Only commits are made; no ref moves.

    :raises CannotUndo: later work has changed the same lines, or other work would change too.
    """
    told = stories(repo, tip)
    chain = sorted((s for b in doomed for s in live(told, b)), key=lambda story: -story.last.place)
    new, done = tip, dict[str, tuple[str, str]]()
    for story in chain:
        made = revert(repo, new, story.branch, story.last.commit, union=union_paths(plan), generated=remakable(plan))
        if isinstance(made, Conflict):
            advice = "Take those out first, or undo it by hand"
            raise CannotUndo(story.branch, f"undoing {story.branch} {made}. {advice}")
        done.setdefault(story.branch, (story.acts[0].commit, made))
        new = made
    _conserved(repo, plan, tip, new, chain)
    return Undone(new, done, tuple(dict.fromkeys(story.branch for story in chain)), _left(repo, plan, new, chain))


def _left(repo: GitRepo, plan: PhasePlan, new: str, chain: Sequence[Story]) -> Sides:
    """Find generated paths that merges changed, with their earlier content, if the reverts brought back something
    else."""
    spans = [(s.last.commit, repo.facts(s.last.commit).parents[0]) for s in chain]
    now, patterns = entries(repo, new) if chain else {}, remakable(plan)
    return {
        path: before
        for found in (changes(repo, spans) if patterns else [])
        for path, (_, before) in found.items()
        if matches(patterns, path) and now.get(path, GONE) != before
    }


def _conserved(repo: GitRepo, plan: PhasePlan, old: str, new: str, chain: Sequence[Story]) -> None:
    """Check that reverts undo what their merges did, and nothing else."""
    heads = [Head(f"{s.branch}@{s.last.commit}", f"{s.last.commit}^1", base=s.last.commit) for s in chain]
    heads = [Head(h.id, repo.line("rev-parse", h.commit), base=h.base) for h in heads]
    moved = [literal(path) for s in chain for path in _moved(repo, s.last.commit, old)]
    exempt = (*remakable(plan), *(literal(p) for p in union_paths(plan)), *moved)
    if broken := violations(repo, old, new, heads, exempt=exempt):
        said = "; ".join(str(finding) for finding in broken[:5])
        raise CannotUndo(chain[-1].branch, f"other work would change with it: {said}")


def _moved(repo: GitRepo, before: str, after: str) -> list[str]:
    """List new names of files that were renamed since: a revert follows them."""
    args = ("diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status", before, after)
    return repo.run(*args, env=NEUTRAL).out.split("\0")[2::3]
