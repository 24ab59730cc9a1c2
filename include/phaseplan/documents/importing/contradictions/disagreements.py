"""Find contradictions of structure: dependencies, waves, names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from phaseplan.documents.importing.contradictions.trouble import clash, place
from phaseplan.documents.importing.dependencies import RANK
from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.importing.facts import Said
from phaseplan.documents.importing.words import slug
from phaseplan.documents.outline.model import At, Trouble, Unit

PARTIAL = ("list", "text")  # sources that seldom say everything: what they leave out is no contradiction


def find(draft: Draft) -> Iterator[Trouble]:
    """Yield all contradictions of structure."""
    for unit in draft.units:
        yield from _needs(draft, unit)
        yield from _waves(draft, unit)
        yield from _names(draft, unit)
    yield from _union_circle(draft)
    yield from _loose(draft)


def _listed(values: list[Said[str]] | list[At[str]]) -> str:
    return ", ".join(sorted(fact.value for fact in values)) or "nothing"


def _needs(draft: Draft, unit: Unit) -> Iterator[Trouble]:
    """PP901 and PP914: report sources that disagree on dependencies, and dependencies on unknown branches."""
    needs, source = draft.needs[unit.id], draft.sources[unit.id]
    chosen, taken = {need.value for need in unit.needs}, f"took the {source}"
    says = f"{unit.id} needs {_listed(unit.needs)} by the {source}"
    for other in RANK:
        stated = needs.by.get(other, [])
        values = {fact.value for fact in stated}
        if other == source or not stated or values == chosen or (other in PARTIAL and values <= chosen):
            continue
        at = unit.needs[0].line if unit.needs else needs.nothing.get(source or "text", stated[0].line)
        yield clash(draft, "PP901", at, f"{says}, {_listed(stated)} by the {other}", stated[0].line, taken)
    for other, line in needs.nothing.items():
        if unit.needs and other != source and (other == "graph" or not needs.by.get(other)):
            why = "and no edge of the graph says so" if other == "graph" else f"nothing by the {other}"
            yield clash(draft, "PP901", unit.needs[0].line, f"{says}, {why}", line, taken)
    for text in needs.unknown:
        message = f"{unit.id} depends on `{text.value}`, which fits no branch of this document"
        yield Trouble("PP914", text.line, message, "name the branch's id, or drop it if another phase makes it")


def _waves(draft: Draft, unit: Unit) -> Iterator[Trouble]:
    """PP912: report a branch that sources put in different waves."""
    own = unit.wave
    other = next((fact for fact in draft.placed[unit.id] if own is not None and fact.value != own.value), None)
    if own is not None and other is not None:
        text = f"{unit.id} is in wave {own.value}, and in wave {other.value} by the {other.source}"
        yield clash(draft, "PP912", own.line, text, other.line, f"took wave {own.value}")


def _names(draft: Draft, unit: Unit) -> Iterator[Trouble]:
    """PP913: report two git names of one branch."""
    name = unit.name
    if name is None:
        return
    for mention in draft.mentions(unit):
        if mention.name and mention.name != name.value and not name.value.endswith(f"/{mention.name}"):
            text = f"{unit.id} is {name.value}, and {mention.name}"
            yield clash(draft, "PP913", name.line, text, mention.line, f"took {name.value}")
            return


def _loose(draft: Draft) -> Iterator[Trouble]:
    """PP913: report a git name that fits no branch."""
    known_names = {name for entry in draft.known.entries.values() for name in entry.names}
    known_names |= {
        part for name in known_names for part in (name.rsplit("/", 1)[-1], slug(name)[2])
    }  # what worktrees are called
    for mention in draft.known.loose:
        if mention.name and not {mention.name, re.sub(r"-v\d+$", "", mention.name)} & known_names:
            known_names.add(mention.name)
            text = f"the git name {mention.name} fits no branch of this document"
            yield Trouble("PP913", mention.line, text, "left out")


def _union_circle(draft: Draft) -> Iterator[Trouble]:
    """PP904: report a circle of all sources together; if the chosen source has one, `lint` reports it."""
    lines: dict[tuple[str, str], int] = {}
    union: dict[str, set[str]] = {}
    for unit in draft.units:
        every = [fact for values in draft.needs[unit.id].by.values() for fact in values]
        union[unit.id] = {fact.value for fact in every}
        lines |= {(unit.id, fact.value): fact.line for fact in every}
    cycle = _circle(union)
    if cycle is not None and _circle({u.id: {need.value for need in u.needs} for u in draft.units}) is None:
        steps = [f"{a} needs {b} ({place(draft, lines[a, b])})" for a, b in itertools.pairwise(cycle)]
        text = f"all sources together run in a circle: {'; '.join(steps)}"
        yield Trouble("PP904", lines[cycle[0], cycle[1]], text, "the source that was taken has none")


def _circle(needs: dict[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return None
