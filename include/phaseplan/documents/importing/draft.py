"""Choose the plan from the facts: one value for everything, each with its line. The rule is decision 016."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeVar

from phaseplan.documents.importing import dependencies
from phaseplan.documents.importing.dependencies import Needs
from phaseplan.documents.importing.facts import Facts, Mention, Said, Source, WaveSaid
from phaseplan.documents.importing.identity import Branches, Entry, resolve
from phaseplan.documents.importing.likeness import alike
from phaseplan.documents.importing.owners import assign
from phaseplan.documents.importing.words import ids, slug
from phaseplan.plan.spans import Span

T = TypeVar("T")
VALUES: tuple[Source, ...] = ("agent table", "branch section", "list", "matrix", "wave table", "graph", "text", "shell")
PATHS: tuple[Source, ...] = ("agent table", "list", "branch section", "matrix", "graph", "text", "shell")
WAVES: tuple[Source, ...] = ("agent table", "wave table", "branch section", "list", "graph", "matrix", "text", "shell")


@dataclass(slots=True)
class DraftBranch:
    """Hold one branch as chosen; None or empty: the document does not say."""

    entry: Entry
    wave: Said[int] | None
    name: Said[str] | None
    title: Said[str] | None
    lines: Said[int] | None
    agent: Said[str] | None
    label: Said[str] | None
    span: Said[Span] | None
    owns: list[Said[str]]
    needs: list[Said[str]] = field(default_factory=list)
    needs_source: Source | None = None

    @property
    def id(self) -> str:
        """Return the branch's id."""
        return self.entry.id


@dataclass(slots=True)
class DraftWave:
    """Hold one wave as chosen."""

    number: int
    statements: WaveSaid
    title: Said[str] | None
    span: Said[Span] | None
    branches: list[DraftBranch]


@dataclass(slots=True)
class Draft:
    """Hold one phase as chosen, with the facts it was chosen from."""

    facts: Facts
    phase: Said[int] | None
    waves: list[DraftWave]
    known: Branches
    needs: dict[str, Needs]
    waves_said: dict[str, list[Said[int]]]  # every wave a branch was put in

    @property
    def branches(self) -> list[DraftBranch]:
        """Return all branches in plan order."""
        return [branch for wave in self.waves for branch in wave.branches]

    @property
    def wave_of(self) -> dict[str, int]:
        """Return the wave by branch id."""
        return {branch.id: wave.number for wave in self.waves for branch in wave.branches}


def draft(facts: Facts) -> Draft:
    """Choose a draft from the facts."""
    phase = facts.phases[0] if facts.phases else None
    known = resolve(facts, phase.value if phase else None)
    assign(known, facts)
    stated_waves = {branch: _waves(entry, facts) for branch, entry in known.entries.items()}
    wave_of = {branch: _of_sources(values, WAVES) for branch, values in stated_waves.items()}
    numbers = {branch: value.value for branch, value in wave_of.items() if value is not None}
    needs = dependencies.collect(known, facts, numbers)
    members: dict[int, list[str]] = {}
    for branch, number in numbers.items():
        members.setdefault(number, []).append(branch)
    choices = {b: dependencies.chosen(needs[b], members, numbers.get(b)) for b in known.entries}
    settled = dependencies.settle(choices, numbers)
    draft_branches = []
    for branch, entry in known.entries.items():
        one = _branch(entry, wave_of[branch])
        one.needs = sorted(settled[branch][0], key=lambda n: _order(n.value))
        one.needs_source = settled[branch][1]
        draft_branches.append(one)
    return Draft(facts, phase, _grouped(draft_branches, facts), known, needs, stated_waves)


def _grouped(branches: list[DraftBranch], facts: Facts) -> list[DraftWave]:
    numbers = sorted(
        {b.wave.value for b in branches if b.wave} | ({0} if any(b.wave is None for b in branches) else set())
    )
    out = []
    for number in numbers:
        fact = facts.waves.get(number, WaveSaid())
        members = sorted((b for b in branches if (b.wave.value if b.wave else 0) == number), key=lambda b: _order(b.id))
        titles = _of_sources(fact.titles, ("branch section", "wave table", "text"))
        spans = _of_sources(fact.spans, ("list", "wave table", "text"))
        out.append(DraftWave(number, fact, titles, spans, members))
    return out


def _order(branch: str) -> tuple[tuple[int, str], ...]:
    return tuple((int("".join(c for c in part if c.isdigit()) or 0), part) for part in branch.split("."))


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


def _branch(entry: Entry, wave: Said[int] | None) -> DraftBranch:
    mentions = entry.mentions
    return DraftBranch(
        entry,
        wave,
        name=_of_sources([Said(m.name, m.line, m.source) for m in mentions if m.name], VALUES),
        title=_of_sources([Said(m.title, m.line, m.source) for m in mentions if m.title], VALUES),
        lines=_lines(mentions),
        agent=_of_sources(
            [Said(m.agent, m.line, m.source) for m in mentions if m.agent and m.source != "shell"], VALUES
        ),
        label=_of_sources([Said(m.label, m.line, m.source) for m in mentions if m.label], VALUES),
        span=_of_sources([Said(m.span, m.line, m.source) for m in mentions if m.span], VALUES),
        owns=_owns(mentions),
    )


def _lines(mentions: list[Mention]) -> Said[int] | None:
    """Return the best source's estimate; of `750→800` the one that another source gives too, else the first."""
    counts = Counter(n for m in mentions for n in set(m.lines) if n)
    best = _of_sources([Said(m.lines, m.line, m.source) for m in mentions if m.lines and m.lines[0]], VALUES)
    if best is None:
        return None
    value = max(best.value, key=lambda n: (counts[n], -best.value.index(n)))
    return Said(value, best.line, best.source)


def _owns(mentions: list[Mention]) -> list[Said[str]]:
    """Return all paths that the best source names."""
    for source in PATHS:
        path_lines = {path: m.line for m in reversed(mentions) if m.source == source for path in reversed(m.owns)}
        if path_lines:
            return [Said(path, line, source) for path, line in reversed(path_lines.items())]
    return []


def _of_sources(values: list[Said[T]], rank: tuple[Source, ...]) -> Said[T] | None:
    """Return the first value of the best source."""
    return min(values, key=lambda fact: rank.index(fact.source) if fact.source in rank else len(rank), default=None)
