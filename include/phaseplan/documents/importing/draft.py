"""Choose the plan from the facts: one value for everything, each with its line. The rule is decision 016."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from phaseplan.documents.importing import dependencies
from phaseplan.documents.importing.dependencies import Needs
from phaseplan.documents.importing.facts import Facts, Mention, Said, Source, WaveSaid
from phaseplan.documents.importing.identity import Branches, Entry, resolve
from phaseplan.documents.importing.likeness import alike
from phaseplan.documents.importing.owners import assign
from phaseplan.documents.importing.words import ids, in_order, slug
from phaseplan.documents.outline.model import At, Group, Part, Unit

T = TypeVar("T")
VALUES: tuple[Source, ...] = ("agent table", "branch section", "list", "matrix", "wave table", "graph", "text", "shell")
PATHS: tuple[Source, ...] = ("agent table", "list", "branch section", "matrix", "graph", "text", "shell")
WAVES: tuple[Source, ...] = ("agent table", "wave table", "branch section", "list", "graph", "matrix", "text", "shell")


@dataclass(slots=True)
class Draft:
    """Hold one phase as chosen, with the facts it was chosen from."""

    facts: Facts
    part: Part
    known: Branches
    needs: dict[str, Needs]
    sources: dict[str, Source | None]  # of what each branch needs
    placed: dict[str, list[Said[int]]]  # every wave a branch was put in

    @property
    def units(self) -> list[Unit]:
        """Return all branches in plan order."""
        return list(self.part.units)

    @property
    def wave_of(self) -> dict[str, int]:
        """Return the wave by branch id."""
        return {unit.id: group.number for group in self.part.groups for unit in group.units}

    def mentions(self, unit: Unit) -> list[Mention]:
        """Return the places that are about a branch."""
        return self.known.entries[unit.id].mentions


def draft(facts: Facts) -> Draft:
    """Choose a draft from the facts."""
    phase = at(facts.phases[0]) if facts.phases else None
    known = resolve(facts, phase.value if phase else None)
    assign(known, facts)
    placed = {branch: _waves(entry, facts) for branch, entry in known.entries.items()}
    wave_of = {branch: _of_sources(values, WAVES) for branch, values in placed.items()}
    numbers = {branch: value.value for branch, value in wave_of.items() if value is not None}
    needs = dependencies.collect(known, facts, numbers)
    members: dict[int, list[str]] = {}
    for branch, number in numbers.items():
        members.setdefault(number, []).append(branch)
    choices = {b: dependencies.chosen(needs[b], members, numbers.get(b)) for b in known.entries}
    settled = dependencies.settle(choices, numbers)
    units = [_unit(entry, wave_of[branch]) for branch, entry in known.entries.items()]
    for unit in units:
        chosen, source = settled[unit.id]
        unit.needs = [At(n.value, n.line, source or "") for n in sorted(chosen, key=lambda n: in_order(n.value))]
    part = Part(phase, groups=_grouped(units, facts))
    return Draft(facts, part, known, needs, {b: source for b, (_, source) in settled.items()}, placed)


def at(fact: Said[T]) -> At[T]:
    """Return a value with its line, without its source."""
    return At(fact.value, fact.line)


def _grouped(units: list[Unit], facts: Facts) -> list[Group]:
    by_wave: dict[int, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: in_order(unit.id)):
        by_wave.setdefault(unit.wave.value if unit.wave else 0, []).append(unit)
    return [_group(number, by_wave[number], facts.waves.get(number, WaveSaid())) for number in sorted(by_wave)]


def _group(number: int, units: list[Unit], facts: WaveSaid) -> Group:
    first = units[0].wave
    group = Group(number, first.line if first else units[0].line, word="wave" if first else "", units=units)
    if title := _of_sources(facts.titles, ("branch section", "wave table", "text")):
        group.title, group.title_line = title.value, title.line
    if span := _of_sources(facts.spans, ("list", "wave table", "text")):
        group.span = at(span)
    group.risk = at(facts.risks[0]) if facts.risks else None
    group.checks, group.notes = [*map(at, facts.checks)], [*map(at, facts.notes)]
    return group


def _waves(entry: Entry, facts: Facts) -> list[Said[int]]:
    """List every wave in which a source puts a branch; git name and id count only without any other source."""
    out = [Said(m.wave, m.line, m.source) for m in entry.mentions if m.wave is not None]
    for number, wave in facts.waves.items():
        for fact in wave.members:
            if (
                entry.id in ids(fact.value)
                or fact.value in entry.names
                or (not ids(fact.value) and any(alike(fact.value, title) for title in entry.titles))
            ):
                out.append(Said(number, fact.line, fact.source))
    if not out:
        out = [Said(w, m.line, m.source) for m in entry.mentions if m.name and (w := slug(m.name)[1]) is not None]
    parts = entry.id.split(".")
    if not out and len(parts) == 3 and parts[1].isdigit() and int(parts[1]):
        out = [Said(int(parts[1]), entry.mentions[0].line if entry.mentions else 1, "text")]
    return out


def _unit(entry: Entry, wave: Said[int] | None) -> Unit:
    """Return a branch with the best value of each kind; what is missing the document does not say."""
    mentions = entry.mentions
    unit = Unit(entry.id, mentions[0].line if mentions else 1, made_up=entry.made_up, wave=at(wave) if wave else None)
    if title := _best([(m, m.title) for m in mentions]):
        unit.title, unit.title_line = title.value, title.line
    unit.name = _best([(m, m.name) for m in mentions])
    agent = _best([(m, m.agent and f"Agent {m.agent}") for m in mentions if m.source != "shell"])
    unit.label = _best([(m, m.label) for m in mentions]) or agent
    unit.span = _best([(m, m.span) for m in mentions])
    unit.lines, unit.owns = _lines(mentions), _owns(mentions)
    return unit


def _best(values: list[tuple[Mention, T | None]]) -> At[T] | None:
    """Return the value of the best place that gives one."""
    best = _of_sources([Said(value, m.line, m.source) for m, value in values if value], VALUES)
    return at(best) if best else None


def _lines(mentions: list[Mention]) -> At[int] | None:
    """Return the best source's estimate; of `750→800` the one that another source gives too, else the first."""
    counts = Counter(n for m in mentions for n in set(m.lines) if n)
    best = _of_sources([Said(m.lines, m.line, m.source) for m in mentions if m.lines and m.lines[0]], VALUES)
    if best is None:
        return None
    value = max(best.value, key=lambda n: (counts[n], -best.value.index(n)))
    return At(value, best.line)


def _owns(mentions: list[Mention]) -> list[At[str]]:
    """Return all paths that the best source names."""
    for source in PATHS:
        path_lines = {path: m.line for m in reversed(mentions) if m.source == source for path in reversed(m.owns)}
        if path_lines:
            return [At(path, line) for path, line in reversed(path_lines.items())]
    return []


def _of_sources(values: list[Said[T]], rank: tuple[Source, ...]) -> Said[T] | None:
    """Return the first value of the best source."""
    return min(values, key=lambda fact: rank.index(fact.source) if fact.source in rank else len(rank), default=None)
