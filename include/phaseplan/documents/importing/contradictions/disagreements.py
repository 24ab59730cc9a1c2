"""Find contradictions of structure: dependencies, waves, names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from phaseplan.documents.importing.dependencies import RANK
from phaseplan.documents.importing.draft import Draft, DraftBranch
from phaseplan.documents.importing.facts import Said
from phaseplan.documents.importing.words import slug
from phaseplan.documents.outline.model import Trouble

PARTIAL = ("list", "text")  # sources that seldom say everything: what they leave out is no contradiction


def find(draft: Draft) -> Iterator[Trouble]:
    """Yield all contradictions of structure."""
    for branch in draft.branches:
        yield from _needs(draft, branch)
        yield from _waves(draft, branch)
        yield from _name(draft, branch)
    yield from _one_name_twice(draft)
    yield from _union_circle(draft)
    yield from _critical(draft)
    yield from _loose(draft)


def place(draft: Draft, line: int) -> str:
    """Write a place in the document: `phase-05.md:112`."""
    return f"{Path(draft.facts.file).name}:{line}"


def _listed(values: list[Said[str]]) -> str:
    return ", ".join(sorted(fact.value for fact in values)) or "nothing"


def _needs(draft: Draft, branch: DraftBranch) -> Iterator[Trouble]:
    """PP901 and PP914: report sources that disagree on dependencies, and dependencies on unknown branches."""
    needs = draft.needs[branch.id]
    chosen_ids = {fact.value for fact in branch.needs}
    for source in RANK:
        if source == branch.needs_source or not needs.by.get(source):
            continue
        stated = needs.by[source]
        other = {fact.value for fact in stated}
        if other == chosen_ids or (source in PARTIAL and other <= chosen_ids):
            continue
        at = branch.needs[0].line if branch.needs else needs.nothing.get(branch.needs_source or "text", stated[0].line)
        message = (
            f"{branch.id} needs {_listed(branch.needs)} by the {branch.needs_source}, {_listed(stated)} by the {source}"
        )
        yield Trouble("PP901", at, f"{message} ({place(draft, stated[0].line)})", f"took the {branch.needs_source}")
    for source, line in needs.nothing.items():
        if branch.needs and source not in (branch.needs_source, "graph") and not needs.by.get(source):
            fact = f"{branch.id} needs {_listed(branch.needs)} by the {branch.needs_source}, nothing by the {source}"
            yield Trouble(
                "PP901", branch.needs[0].line, f"{fact} ({place(draft, line)})", f"took the {branch.needs_source}"
            )
        elif branch.needs and source == "graph" and branch.needs_source != "graph":
            fact = (
                f"{branch.id} needs {_listed(branch.needs)} by the {branch.needs_source}, and no edge "
                f"of the graph says so"
            )
            yield Trouble(
                "PP901", branch.needs[0].line, f"{fact} ({place(draft, line)})", f"took the {branch.needs_source}"
            )
    for text in needs.unknown:
        yield Trouble(
            "PP914",
            text.line,
            f"{branch.id} depends on `{text.value}`, which fits no branch of this document",
            "name the branch's id, or drop it if another phase makes it",
        )


def _waves(draft: Draft, branch: DraftBranch) -> Iterator[Trouble]:
    """PP912: report a branch that sources put in different waves."""
    if branch.wave is None:
        return
    for fact in draft.waves_said[branch.id]:
        if fact.value != branch.wave.value:
            text = f"{branch.id} is in wave {branch.wave.value}, and in wave {fact.value} by the {fact.source}"
            yield Trouble(
                "PP912", branch.wave.line, f"{text} ({place(draft, fact.line)})", f"took wave {branch.wave.value}"
            )
            return


def _name(draft: Draft, branch: DraftBranch) -> Iterator[Trouble]:
    """PP903 and PP913: report a git name with another wave or phase, or two names of one branch."""
    if branch.name is None:
        return
    phase, wave, _ = slug(branch.name.value)
    if wave is not None and branch.wave is not None and wave != branch.wave.value:
        text = f"the name of {branch.id}, {branch.name.value}, says wave {wave}; it is in wave {branch.wave.value}"
        yield Trouble(
            "PP903",
            branch.name.line,
            f"{text} ({place(draft, branch.wave.line)})",
            f"took wave {branch.wave.value}; the name stays",
        )
    if phase is not None and draft.phase is not None and phase != draft.phase.value:
        text = f"the name of {branch.id}, {branch.name.value}, says phase {phase}; this is phase {draft.phase.value}"
        yield Trouble("PP903", branch.name.line, f"{text} ({place(draft, draft.phase.line)})", "the name stays")
    for mention in branch.entry.mentions:
        if mention.name and mention.name != branch.name.value and not branch.name.value.endswith(f"/{mention.name}"):
            text = f"{branch.id} is {branch.name.value}, and {mention.name}"
            yield Trouble(
                "PP913", branch.name.line, f"{text} ({place(draft, mention.line)})", f"took {branch.name.value}"
            )
            return


def _one_name_twice(draft: Draft) -> Iterator[Trouble]:
    first: dict[str, DraftBranch] = {}
    for branch in draft.branches:
        if branch.name is None:
            continue
        other = first.setdefault(branch.name.value, branch)
        if other is not branch and other.name is not None:
            text = f"{branch.id} and {other.id} have one git name, {branch.name.value}"
            yield Trouble("PP913", branch.name.line, f"{text} ({place(draft, other.name.line)})", "give each its own")


def _loose(draft: Draft) -> Iterator[Trouble]:
    """PP913: report a git name that fits no branch."""
    known_names = {name for branch in draft.branches for name in branch.entry.names}
    known_names |= {
        part for name in known_names for part in (name.rsplit("/", 1)[-1], slug(name)[2])
    }  # what worktrees are called
    reported: set[str] = set()
    for mention in draft.known.loose:
        if mention.name and not {mention.name, re.sub(r"-v\d+$", "", mention.name)} & (known_names | reported):
            reported.add(mention.name)
            yield Trouble(
                "PP913", mention.line, f"the git name {mention.name} fits no branch of this document", "left out"
            )


def _union_circle(draft: Draft) -> Iterator[Trouble]:
    """PP904: report a circle of all sources together; if the chosen source has one, `lint` reports it."""
    lines: dict[tuple[str, str], int] = {}
    union: dict[str, set[str]] = {}
    for branch in draft.branches:
        every = [fact for values in draft.needs[branch.id].by.values() for fact in values]
        union[branch.id] = {fact.value for fact in every}
        lines |= {(branch.id, fact.value): fact.line for fact in every}
    if _circle({b.id: {fact.value for fact in b.needs} for b in draft.branches}) is not None:
        return
    cycle = _circle(union)
    if cycle is not None:
        steps = [f"{a} needs {b} ({place(draft, lines[a, b])})" for a, b in itertools.pairwise(cycle)]
        yield Trouble(
            "PP904",
            lines[cycle[0], cycle[1]],
            f"all sources together run in a circle: {'; '.join(steps)}",
            "the source that was taken has none",
        )


def _circle(needs: dict[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return None


def _critical(draft: Draft) -> Iterator[Trouble]:
    """PP905: report a critical path that does not follow the dependencies."""
    needs = {b.id: {fact.value: fact.line for fact in b.needs} for b in draft.branches}
    for fact in draft.facts.critical:
        for one, other in zip(fact.value, fact.value[1:], strict=False):
            if one in needs and other in needs and one not in needs[other]:
                branch = next(b for b in draft.branches if b.id == other)
                at = next(
                    iter(needs[other].values()), branch.entry.mentions[0].line if branch.entry.mentions else fact.line
                )
                text = (
                    f"the critical path goes {one} -> {other}, but {other} does not need {one}: it needs "
                    f"{_listed(branch.needs)}"
                )
                yield Trouble("PP905", fact.line, f"{text} ({place(draft, at)})", "kept as a claim")
