"""Merge branches one after another without a work tree; commit ids depend on nothing but the inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from phaseplan.errors import Infrastructure
from phaseplan.merging.integration_line import Story, carried, stories
from phaseplan.merging.name_twins import alike, conceivable
from phaseplan.merging.revert import reapply
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.repository.commit_paths import shown
from phaseplan.repository.merge_tree import (
    TRAILER,
    Conflict,
    Sides,
    merge_tree,
    opponents_of,
    untaken,
    write_attributes,
)
from phaseplan.repository.objects import GONE, NEUTRAL, changes, commit, entries
from phaseplan.repository.repo import GitRepo

__all__ = ["Conflict", "Head", "Merged", "Step", "chain_merge", "predict"]


@dataclass(frozen=True)
class Head:
    """A commit to merge.

    :param id: branch id, or another word for what it is (`base`).
    :param base: the commit its work started from; None: its merge base.
    :param needs: ids that must be in (or not part of the chain) before this one is merged.
    :param builds_on: ids whose work was in its workspace.
    """

    id: str
    commit: str
    title: str = ""
    base: str | None = None
    needs: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One head that is in.

    :param conflicts: generated paths of which one side was taken.
    :param sides: what the other side had of them, and of generated paths that came back changed.
    """

    id: str
    commit: str  # chain head after it; a head that was in already leaves it as it was
    conflicts: tuple[str, ...] = ()
    reapplied: tuple[str, ...] = ()  # reverts of this branch that were undone before it was merged
    sides: Sides = field(default_factory=dict)


@dataclass(frozen=True)
class Merged:
    """Hold the result of a chain."""

    commit: str
    steps: tuple[Step, ...] = ()
    conflicted: dict[str, Conflict] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)  # id -> id of the head it cannot be merged without
    generated_touched: bool = False  # a generated path had a conflict or came back: its content may be wrong

    @property
    def ids(self) -> tuple[str, ...]:
        """Return ids of the heads that are in, in order."""
        return tuple(step.id for step in self.steps)

    @property
    def sides(self) -> Sides:
        """Return the side not taken of each generated path in conflict; of several the last."""
        return {path: entry for step in self.steps for path, entry in step.sides.items()}

    @property
    def disputed(self) -> str:
        """Describe generated paths in conflict and whose work they came with; empty: there are none."""
        said = [
            f"{', '.join(map(shown, step.conflicts[:5]))} (with {step.id})" for step in self.steps if step.conflicts
        ]
        return "; ".join(said)


def chain_merge(
    repo: GitRepo,
    base: str,
    heads: Sequence[Head],
    *,
    union: Sequence[str] = (),
    generated: Sequence[str] = (),
    judged: Mapping[str, str] | None = None,
) -> Merged:
    """Merge heads one after another onto `base`, in the order given.

    A head in conflict is left out, and so is whatever needs it. A head that is in already is landed, not merged again.
    A head that takes a reverted merge of its own branch to be there has that merge re-applied first, or it would come
    back without it; one that was built on another branch's reverted merge waits for that branch.

    :param union: paths of which both sides are kept, line by line.
    :param generated: patterns of paths that are made again afterwards, so that either side will do.
    :param judged: branch id by commit; a head that carries another branch's commit which is not in is left out.
    :raises Infrastructure: git could not merge for another reason than a conflict.
    """
    write_attributes(repo, union)
    if not heads:
        return Merged(base)
    merged = _chained(_Chain(repo, base, heads, union, generated, judged or {}), heads)
    if not conceivable(repo, [base, *(step.commit for step in merged.steps)]):
        return merged
    # Only where names look alike is every merge worth a listing of its own, which takes as long as the merge.
    return _chained(_Chain(repo, base, heads, union, generated, judged or {}, look_at_names=True), heads)


def _chained(chain: _Chain, heads: Sequence[Head]) -> Merged:
    for head in heads:
        chain.add(head)
    return chain.merged()


class _Chain:
    """A chain that grows: its tip, what is in, and what is left out for which reason. Parameters as `chain_merge`."""

    def __init__(
        self,
        repo: GitRepo,
        base: str,
        heads: Sequence[Head],
        union: Sequence[str],
        generated: Sequence[str],
        judged: Mapping[str, str],
        *,
        look_at_names: bool = False,
    ) -> None:
        self._look_at_names = look_at_names
        self._repo, self._union, self._generated, self._judged = repo, union, generated, judged
        self._graph = _Graph.of(repo, base, [h.commit for h in heads])
        self._away = tuple(story for story in stories(repo, base) if story.out)
        self._landed: set[str] = set()
        self._tip, self._when = base, self._graph.date(base)
        self._steps: list[Step] = []
        self._out: dict[str, Conflict] = {}
        self._waiting: dict[str, str] = {}

    def add(self, head: Head) -> None:
        """Merge one more head, or leave it out."""
        reach = self._graph.reach(head.commit) - self._landed
        missed = carried(self._repo, self._away, head.commit)
        if (stuck := self._lacks(head, reach, missed)) is not None:
            self._waiting[head.id] = stuck
            return
        own = tuple(story for story in missed if story.branch == head.id)
        date = max(self._when, self._graph.date(head.commit)) if reach else None
        step = _step(self._repo, self._tip, head, own, date, self._union, self._generated)
        if self._look_at_names and isinstance(step, Step) and step.commit != self._tip:
            step = alike(self._repo, self._tip, head.commit, step.commit) or step
        if isinstance(step, Conflict):
            self._out[head.id] = step
            return
        self._steps.append(step)
        self._tip, self._when = step.commit, date or self._when
        self._landed |= reach
        self._away = tuple(story for story in self._away if story not in own)

    def merged(self) -> Merged:
        """Say what has come of it."""
        touched = any(s.conflicts or s.reapplied for s in self._steps)
        return Merged(self._tip, tuple(self._steps), self._out, self._waiting, touched)

    def _lacks(self, head: Head, reach: set[str], missed: Sequence[Story]) -> str | None:
        """Name a head without which this one cannot be merged, if there is one."""
        alien = {self._judged.get(c, head.id) for c in reach} - {head.id}
        alien |= {story.branch for story in missed} & set(head.builds_on)
        needed = (*head.needs, *sorted(alien))
        return next((n for n in needed if n in self._out or n in self._waiting or n in alien), None)


def _step(
    repo: GitRepo,
    tip: str,
    head: Head,
    away: Sequence[Story],
    date: int | None,
    union: Sequence[str],
    generated: Sequence[str],
) -> Step | Conflict:
    """Put a head on `tip`: its own reverted merges first, then what is new in it (`date` None: nothing is)."""
    start = _put_back(repo, tip, away, union, generated)
    if isinstance(start, Conflict):
        return start
    back = tuple(story.last.commit for story in away)
    sides = dict(_brought_back(repo, start, away, generated))
    if date is None:
        return Step(head.id, start, reapplied=back, sides=sides)
    tree, wrong = merge_tree(repo, start, head.commit, generated)
    if tree is None:
        return Conflict(wrong, opponents_of(repo, start, head.commit, wrong), start)
    message = f"Merge {head.id} {head.title}".strip() + f"\n\n{TRAILER}: {head.id}\n"
    made = commit(repo, tree, [start, head.commit], message, date)
    return Step(head.id, made, wrong, back, {**sides, **untaken(repo, made, head.commit, wrong)})


def _brought_back(
    repo: GitRepo, tip: str, away: Sequence[Story], generated: Sequence[str]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield generated paths that reverts had changed, if `tip` holds something else than what they took out."""
    for story in away if generated else ():
        found = changes(repo, [(story.last.commit, repo.facts(story.last.commit).parents[0])])[0]
        mine = [path for path in found if matches(generated, path)]
        now = entries(repo, tip) if mine else {}
        yield from ((path, found[path][1]) for path in mine if now.get(path, GONE) != found[path][1])


def _put_back(
    repo: GitRepo, tip: str, away: Sequence[Story], union: Sequence[str], generated: Sequence[str]
) -> str | Conflict:
    """Re-apply reverted merges on `tip`, in the order given."""
    for story in away:
        made = reapply(repo, tip, story.branch, story.last.commit, union=union, generated=generated)
        if isinstance(made, Conflict):
            return made
        tip = made
    return tip


def predict(
    repo: GitRepo, base: str, heads: Sequence[Head], *, union: Sequence[str] = (), about: str | None = None
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Find which pairs of heads conflict, and where: (id, id, paths). One git process for all pairs.

    :param about: id of the one head whose pairs are asked for: as many trial merges as there are others.
    """
    write_attributes(repo, union)
    graph = _Graph.of(repo, base, [h.commit for h in heads])
    every = combinations([h for h in heads if graph.reach(h.commit)], 2)
    pairs = [(a, b) for a, b in every if about in (None, a.id, b.id)]
    if not pairs:
        return []
    feed = "".join(f"{a.commit} {b.commit}\n" for a, b in pairs).encode()
    out = repo.run("merge-tree", "--stdin", "--no-messages", "--name-only", stdin=feed, env=NEUTRAL).out
    records = _predictions(out)
    if len(records) != len(pairs):
        raise Infrastructure(f"git merge-tree answered {len(records)} of {len(pairs)} predictions")
    return [(a.id, b.id, paths) for (a, b), (clean, paths) in zip(pairs, records, strict=True) if not clean]


def _predictions(out: str) -> list[tuple[bool, tuple[str, ...]]]:
    """Read `merge-tree --stdin`: per merge 1 (clean) or 0, the tree, the conflicted paths, an empty field."""
    fields = out.split("\0")
    found: list[tuple[bool, tuple[str, ...]]] = []
    i = 0
    while i + 1 < len(fields):
        end = fields.index("", i + 2)
        found.append((fields[i].strip() == "1", tuple(fields[i + 2 : end])))
        i = end + 1
    return found


@dataclass(frozen=True)
class _Graph:
    """The commits that the heads have and the base has not: parents and committer dates."""

    repo: GitRepo
    parents: dict[str, tuple[str, ...]]
    dates: dict[str, int]

    @classmethod
    def of(cls, repo: GitRepo, base: str, heads: Sequence[str]) -> _Graph:
        feed = "".join(f"{c}\n" for c in [*heads, f"^{base}"]).encode()
        rows = [
            line.split(" ")
            for line in repo.run("rev-list", "--timestamp", "--parents", "--stdin", stdin=feed).out.splitlines()
        ]
        return cls(repo, {sha: tuple(up) for _, sha, *up in rows}, {sha: int(when) for when, sha, *_ in rows})

    def date(self, commit: str) -> int:
        """Return the committer date in seconds; agents may claim any, git itself refuses negative ones."""
        return max(0, self.dates[commit] if commit in self.dates else self.repo.facts(commit).time)

    def reach(self, head: str) -> set[str]:
        """Collect commits of this graph that can be reached from a head."""
        found: set[str] = set()
        todo = [head]
        while todo:
            current = todo.pop()
            if current in self.parents and current not in found:
                found.add(current)
                todo.extend(self.parents[current])
        return found
