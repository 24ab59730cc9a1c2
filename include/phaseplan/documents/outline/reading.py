"""Recognise the format of a document, have its reader read it, and settle what its words mean."""

from __future__ import annotations

import itertools
import re
from types import ModuleType

from phaseplan.documents.outline import asides, attributes, edges, regrouping, repeated, splitting
from phaseplan.documents.outline.family import explained, is_far_from_explained, is_wave_plan
from phaseplan.documents.outline.findings import checks, contradictions
from phaseplan.documents.outline.headings import WAVES
from phaseplan.documents.outline.ids import Known
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Group, Outline, Part, Trouble, Unit
from phaseplan.documents.outline.readers import (
    checklist,
    csvfile,
    front,
    numbered,
    roadmap,
    sections,
    speckit,
    taskfile,
    titles,
    waves,
    worktrees,
)

#: Readers in the order in which they are asked: what is surest of its format comes first.
SURE: tuple[ModuleType, ...] = (taskfile, csvfile, front, speckit, roadmap)
#: What reads a plan in waves, if it can account for all of it.
FAMILY: tuple[ModuleType, ...] = (sections, titles, waves, checklist)
OTHERS: tuple[ModuleType, ...] = (numbered, sections, titles, waves, checklist, worktrees)
_WAVES = {"phase", "wave", ""}  # words of groups whose order is stated to be the order of work


def is_known_family(doc: Document) -> bool:
    """Say whether the reader of plans in waves may find something: of the family, or with code that may hold a plan."""
    return is_wave_plan(doc) or any(line.kind == "code" and line.raw.strip() for line in doc.lines)


def read(doc: Document, whole: bool = True) -> Outline | None:
    """Return the outline of a document; None if no reader knows it, or none of its units.

    :param whole: a plan in waves is read here only if it is accounted for line by line.
    """
    sure = _first(doc, SURE)
    if sure is not None:
        return sure
    of_waves = is_wave_plan(doc)
    return _first(doc, FAMILY if of_waves else OTHERS, whole=of_waves and whole)


def _first(doc: Document, readers: tuple[ModuleType, ...], whole: bool = False) -> Outline | None:
    """Return the outline of the first reader that finds units; `whole`: it must account for the whole document."""
    for reader in readers:
        if reader.recognise(doc):
            outline: Outline = reader.read(doc)
            if not outline.units or (whole and is_far_from_explained(doc, outline)):
                continue
            settle(doc, outline)
            if not whole or explained(doc, outline):
                return outline
    return None


def settle(doc: Document, outline: Outline) -> None:
    """Turn words into needs, leave finished groups out, and put everything into order."""
    repeated.ids(outline)
    repeated.by_tables(doc, outline)
    repeated.by_items(doc, outline)
    regrouping.by_lists(doc, outline)
    asides.read(doc, outline)
    groups = [group for part in outline.parts for group in part.groups]
    known = Known(outline.units, groups)
    for unit in known.units:
        for text in unit.texts:
            _needs(outline, known, unit, text)
        for text in unit.feeds:
            meant = known.meant(text.value, unit.id)
            _unread(outline, unit, text, meant.unread)
            for fed in meant.ids:
                _add(known.units[known.place[fed]], unit.id, text.line)
    stated = {(need.value, unit.id): need.line for unit in known.units for need in unit.needs}
    drawn = list(edges.graph(doc, known))
    graph = {edge.value: edge.line for edge, sure in drawn if sure and edge.value[0] != edge.value[1]}
    outline.disagrees = (bool(graph and stated) and graph.keys() != stated.keys()) or edges.sizes(doc, known)
    outline.troubles += contradictions.graph(stated, graph) if graph and stated else ()
    for edge, sure in [*edges.read(doc, known, outline), *drawn]:
        outline.used.add(edge.line)
        if sure:
            _add(known.units[known.place[edge.value[1]]], edge.value[0], edge.line)
    checks.check(outline)
    for path in edges.critical(doc, known):
        outline.troubles += contradictions.critical(doc.file, path, known.units)
    splitting.replace(doc, known, outline)
    outline.troubles += contradictions.sums(doc, outline.units)
    for part in outline.parts:
        if outline.ordered:
            _in_order(known, part)
        _cancelled(outline, part)
        _finished(outline, part)
        part.groups = [group for group in part.groups if group.units]
        _collapse(known, part)
        _numbers(part)
    outline.parts = [part for part in outline.parts if part.groups]
    across(outline)


def _needs(outline: Outline, known: Known, unit: Unit, text: At[str]) -> None:
    meant = known.meant(text.value, unit.id)
    if meant.ids or text.why != attributes.IN_WORDS or not re.match(r"(?!W\d+\b)[A-Z]+-?\d", text.value):
        _unread(outline, unit, text, meant.unread)  # `requires S3 access` may be no need, W0 is a wave
    for needed in meant.ids:
        _add(unit, needed, text.line, text.why)


def _unread(outline: Outline, unit: Unit, text: At[str], parts: tuple[str, ...]) -> None:
    for part in parts:
        unit.unread.append(At(part, text.line))
        message = f"{unit.shown or unit.id} depends on `{part[:120]}`, which fits no branch of this document"
        hint = "name the branch's id, or drop it if another phase makes it"
        outline.troubles.append(Trouble("PP914", text.line, message, hint))


def _add(unit: Unit, needed: str, line: int, why: str = "") -> None:
    if needed != unit.id and needed not in {need.value for need in unit.needs}:
        unit.needs.append(At(needed, line, why))


def _in_order(known: Known, part: Part) -> None:
    """Let a unit without the mark of those that run beside others need what stands before it in its group."""
    for group in part.groups:
        before: list[Unit] = []
        for unit in group.units:
            for other in [] if unit.marked else [one for one in before if not known.waits(one.id, unit.id)]:
                _add(unit, other.id, unit.line, "by order")
            before = before if unit.marked else []
            before.append(unit)


def _cancelled(outline: Outline, part: Part) -> None:
    """Leave out units that the document calls cancelled, and needs of them."""
    out = {unit.id: unit for unit in part.units if unit.state and unit.state.value == "cancelled"}
    for unit in out.values():
        message = f"{unit.shown or unit.id} is cancelled: left out"
        outline.troubles.append(Trouble("PP917", unit.line, message, "change its status to have it built"))
    for group in part.groups:
        group.units = [unit for unit in group.units if unit.id not in out]
    for unit in part.units:
        unit.needs = [need for need in unit.needs if need.value not in out]


def _finished(outline: Outline, part: Part) -> None:
    """Leave out groups that the document calls finished, where others are not."""
    for group in part.groups:
        if (
            group.units
            and all(unit.state for unit in group.units)
            and group.word
            and any(u.state.value == "merged" for u in group.units if u.state)
        ):
            group.done = True
    finished = [group for group in part.groups if group.done and group.units]
    if not finished or all(group.done for group in part.groups if group.units):
        return
    for group in finished:
        out = {unit.id for unit in group.units}
        message = f"{group.word} {group.label or group.number} is finished: {', '.join(sorted(out))} left out"
        outline.troubles.append(Trouble("PP917", group.line, message, "what is merged already is in the base"))
        group.units = []
        for unit in part.units:
            unit.needs = [need for need in unit.needs if need.value not in out]


def _collapse(known: Known, part: Part) -> None:
    """Put units into one group where epics or tracks need later ones: only what an epic needs is an order then."""
    place = {unit.id: i for i, group in enumerate(part.groups) for unit in group.units}
    late = any(place.get(need.value, 0) > place[unit.id] for unit in part.units for need in unit.needs)
    if late and any(group.word not in _WAVES for group in part.groups):
        for group in part.groups:
            for unit, text in itertools.product(group.units, group.after):
                for needed in known.meant(text.value, unit.id).ids:
                    _add(unit, needed, text.line)
        first = part.groups[0]
        part.groups = [Group(1, first.line, word="", units=[unit for group in part.groups for unit in group.units])]


def _numbers(part: Part) -> None:
    """Put waves into the order of their numbers, and number other groups by their place, unless theirs are in order."""
    if all(
        group.word in WAVES or not group.title for group in part.groups
    ):  # rows of one wave may stand between those of others
        part.groups.sort(key=lambda group: group.number)
    numbers = [group.number for group in part.groups]
    if numbers != sorted(set(numbers)):
        for number, group in enumerate(part.groups, 1):
            group.number = number


def across(outline: Outline) -> None:
    """Turn needs of another phase's units into dependencies on that phase."""
    of = {unit.id: part for part in outline.parts for unit in part.units}
    for part in outline.parts:
        for unit in part.units:
            for need in [need for need in unit.needs if of.get(need.value) is not part]:
                unit.needs.remove(need)
                other = of.get(need.value)
                if other is not None and other.number is not None:
                    numbers = {tie.value for tie in part.depends}
                    part.depends += [At(other.number.value, need.line)] if other.number.value not in numbers else []
