"""Read from integration's first-parent line which merges are in, which were reverted and which came back.

Only the first-parent line counts, and on it only an act that fits the one before it: a trailer in an agent's commit
says nothing, because such a commit is never on that line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from phaseplan.repository.merge_tree import TRAILER
from phaseplan.repository.objects import NEUTRAL
from phaseplan.repository.repo import GitRepo

REVERT, REAPPLY = "Phaseplan-Revert", "Phaseplan-Reapply"
_FORM = "%x1e%H%x1f%P" + "".join(
    f"%x1f%(trailers:key={key},valueonly,separator=%x1d)" for key in (TRAILER, REVERT, REAPPLY)
)


@dataclass(frozen=True)
class Act:
    """One commit that put a branch's work in or took it out.

    :param place: how far up the line it is; a later act has a larger one.
    :param carries: the commit by which a head shows that it knows of this act.
    """

    kind: Literal["merge", "revert", "reapply"]
    commit: str
    place: int
    carries: str


@dataclass(frozen=True)
class Story:
    """One merge of a branch and everything that became of it, oldest first: merge, revert, reapply, revert ..."""

    branch: str
    acts: tuple[Act, ...]

    @property
    def last(self) -> Act:
        """Return the newest act."""
        return self.acts[-1]

    @property
    def out(self) -> bool:
        """Say whether the merge is reverted now."""
        return self.last.kind == "revert"


def stories(repo: GitRepo, tip: str, base: str | None = None) -> tuple[Story, ...]:
    """List every merge on the first-parent line of `tip`, oldest first, with all its later acts. One git call.

    :param base: where the line begins; None: at its first commit.
    """
    span = [tip, *([f"^{base}"] if base else [])]
    args = ("log", "--first-parent", "--reverse", f"--grep=^{TRAILER[:10]}", f"--format={_FORM}", *span, "--")
    found: dict[str, Story] = {}  # by the commit of its last act
    for place, record in enumerate(repo.run(*args, env=NEUTRAL).out.split("\x1e")[1:]):
        sha, parents, branch, *opposites = record.rstrip("\n").split("\x1f")
        up = parents.split()
        if len(up) == 2 and branch and not any(opposites):
            found[sha] = Story(branch, (Act("merge", sha, place, up[1]),))
        elif len(up) == 1 and (told := _opposite(found, *opposites)) is not None:
            story = found.pop(told.last.commit)
            act = Act("reapply" if story.out else "revert", sha, place, sha)
            found[sha] = Story(story.branch, (*story.acts, act))
    return tuple(sorted(found.values(), key=lambda story: story.acts[0].place))


def continues(repo: GitRepo, mine: str, foreign: str) -> bool:
    """Say whether a foreign descendant continues our own line, without a trailer of ours on the way."""
    args = ("log", "--first-parent", "--reverse", "--format=%P%x00%B%x1e", foreign, f"^{mine}", "--")
    records = repo.run(*args, env=NEUTRAL).out.split("\x1e")[:-1]
    begins = bool(records) and records[0].split()[0].rstrip("\0") == mine
    return begins and not any(TRAILER[:10].lower() in record.lower() for record in records)


def _opposite(found: dict[str, Story], revert: str, reapply: str) -> Story | None:
    """Find the story that a revert's or re-apply's trailer continues; None: it fits none."""
    branch, _, of = (revert or reapply).partition(" ")
    story = found.get(of)
    fits = story is not None and story.branch == branch and story.out == bool(reapply) and not (revert and reapply)
    return story if fits else None


def open_reverts(repo: GitRepo, tip: str, base: str | None = None) -> dict[str, tuple[str, ...]]:
    """Map branch ids to reverts on integration's own line without a later re-apply, oldest first. One git call."""
    found: dict[str, list[Act]] = {}
    for story in stories(repo, tip, base):
        if story.out:
            found.setdefault(story.branch, []).append(story.last)
    return {b: tuple(a.commit for a in sorted(acts, key=lambda a: a.place)) for b, acts in found.items()}


def live(found: tuple[Story, ...], branch_id: str) -> tuple[Story, ...]:
    """Return a branch's merges that are in now, the one put in last first."""
    mine = [story for story in found if story.branch == branch_id and not story.out]
    return tuple(sorted(mine, key=lambda story: -story.last.place))


def carried(repo: GitRepo, found: tuple[Story, ...], head: str) -> tuple[Story, ...]:
    """List reverted merges whose work a head takes to be there, in the order to re-apply them: newest revert first.

    A head that knows the revert itself decided with open eyes; one that never had the work misses nothing.
    """
    mine = [story for story in found if story.out and _takes_for_granted(repo, story, head)]
    return tuple(sorted(mine, key=lambda story: -story.last.place))


def _takes_for_granted(repo: GitRepo, story: Story, head: str) -> bool:
    known = next((act for act in reversed(story.acts) if repo.is_ancestor(act.carries, head)), None)
    return known is not None and known.kind != "revert"
