"""Propose owned paths that do not overlap: the wider pattern leaves out the narrower, or file names tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from phaseplan.forecast.improving.collisions import Collision, collisions, path_of, worth
from phaseplan.forecast.improving.edits import Unknown, append_item, quoted, replace_items
from phaseplan.forecast.improving.proposal import Draft, Proposal, with_branch
from phaseplan.forecast.improving.shared import share
from phaseplan.plan.model import Branch
from phaseplan.plan.patterns.gitignore import matches
from phaseplan.plan.patterns.overlap import common_path

_WORD = re.compile(r"[a-z0-9]{4,}")
Owns = tuple[str, ...]
_FEW = 5


def propose(draft: Draft, files: Sequence[str]) -> list[Proposal]:
    """Make one proposal for each pair that can be told apart.

    :param files: paths of the repository's files; none: only the patterns are looked at.
    """
    out: list[Proposal] = []
    left_alone: set[tuple[tuple[str, str], str]] = set()

    def open_one() -> Collision | None:
        return next((c for c in collisions(draft.plan) if (c.pair, c.example) not in left_alone), None)

    while (found := open_one()) is not None:
        proposal = _separate(draft, found, files)
        if proposal is None:
            left_alone.add((found.pair, found.example))
        elif proposal.draft is not None:
            out.append(proposal)
            draft = proposal.draft
    return out


@dataclass(frozen=True)
class _Way:
    """Hold one way to tell two branches apart: what they own then, and files that both may still change."""

    owns: dict[str, Owns]
    why: tuple[str, ...]
    shared: tuple[str, ...] = ()


def _separate(draft: Draft, found: Collision, files: Sequence[str]) -> Proposal | None:
    before = {(c.pair, c.example) for c in collisions(draft.plan)}
    for way in (*_by_patterns(found), *_by_files(found, files)):
        after: Draft | None = draft
        for branch_id, owns in way.owns.items():
            after = _owning(after, branch_id, owns) if after is not None else None
        for path in way.shared:
            after = share(after, path, found.pair) if after is not None else None
        left = {(c.pair, c.example) for c in collisions(after.plan)} if after is not None else before
        if after is not None and left < before and (found.pair, found.example) not in left:
            title = f"separate what {found.first.id} and {found.second.id} own"
            why = (f"both own {found.example}", *way.why)
            return Proposal("paths", title, why, worth(after.plan, [found.pair]), after)
    return None


def _by_patterns(found: Collision) -> Iterator[_Way]:
    """Take the narrower of two patterns out of the wider one."""
    for one, other in product(found.first.owns, found.second.owns):
        if common_path(one, other) is None or _width(one) == _width(other):
            continue
        (wide, branch), (narrow, _) = sorted(
            ((one, found.first), (other, found.second)), key=lambda p: _width(p[0]), reverse=True
        )
        without = f"!{narrow}**" if narrow.endswith("/") else f"!{narrow}"
        why = f"{branch.id} keeps {wide} without {narrow}, which the other one names more exactly"
        yield _Way({branch.id: (*branch.owns, without)}, (why,))


def _by_files(found: Collision, files: Sequence[str]) -> Iterator[_Way]:
    """Give files that carry a word of one branch's name to that branch; share the others if they are few.

    The patterns are the beginnings of the files' names, so new files called alike belong to the same branch.
    """
    both = [f for f in files if matches(found.first.owns, f) and matches(found.second.owns, f)]
    first, second = _words(found.first), _words(found.second)
    owns: dict[str, Owns] = {}
    why = []
    for branch, own, others in ((found.first, first, second), (found.second, second, first)):
        beginnings = _beginnings(both, own - others, others - own)
        if not beginnings:
            return
        kept = tuple(p for p in branch.owns if not any(matches((p,), f) for f in both))
        owns[branch.id] = (*kept, *beginnings)
        why.append(f"{branch.id} keeps {', '.join(beginnings)}: the files there carry its name")
    rest = tuple(f for f in both if not any(matches(patterns, f) for patterns in owns.values()))
    if len(rest) <= _FEW:
        why += [f"{path} carries neither name; both may change it, the first of them merges first" for path in rest]
        yield _Way(owns, tuple(why), rest)
    why.append(
        f"{len(rest)} files there carry neither name, and then belong to nobody: add those that one of them changes"
    )
    yield _Way(owns, tuple(why))


def _beginnings(files: Sequence[str], own: set[str], others: set[str]) -> tuple[str, ...]:
    out: dict[str, None] = {}
    for file in files:
        folder, slash, name = file.rpartition("/")
        at = [name.lower().find(w) + len(w) for w in sorted(own) if w in name.lower()]
        if at and not any(w in name.lower() for w in others):
            out[f"{folder}{slash or '/'}{name[: min(at)]}*"] = None
    return tuple(out)


def _owning(draft: Draft, branch_id: str, owns: Owns) -> Draft | None:
    """Return the draft in which a branch owns these paths; None if the layout does not allow the edit."""
    path = path_of(draft.plan, branch_id)
    branch = draft.plan.by_id[branch_id]
    tree = draft.source.locations.tree((*path, "owns"))
    if tree is None:
        return None
    try:
        if owns[: len(branch.owns)] == branch.owns:
            edits = [append_item(draft.text, tree, quoted(value)) for value in owns[len(branch.owns) :]]
        else:
            edits = replace_items(draft.text, tree, [quoted(value) for value in owns])
    except Unknown:
        return None
    return draft.changed(edits, with_branch(draft.plan, path, branch.model_copy(update={"owns": owns})))


def _width(pattern: str) -> tuple[int, int]:
    """Estimate how much a pattern takes in: the sooner its first wild card or its end as a folder, the more."""
    literal = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    exact = literal == pattern and not pattern.endswith("/")
    return (0 if exact else 1, -len(literal))


def _words(branch: Branch) -> set[str]:
    return set(_WORD.findall(f"{branch.slug} {branch.title}".lower()))
