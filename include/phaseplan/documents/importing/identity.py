"""Which mentions speak of the same branch.

The rule, for mentions without an id, strongest first:

1. the git name, where another mention gives name and id;
2. the agent's number, within its wave;
3. the best total of: the wave in the git name (`p5w1-`) against the id's, the wave it stands in, words of title and
   git name in common, the same number of lines, the same place within the wave;
4. the place within the wave, where as many are left on both sides.

Where a document has no ids at all they are phase.wave.place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from phaseplan.documents.importing.facts import Facts, Mention, Said
from phaseplan.documents.importing.likeness import alike
from phaseplan.documents.importing.words import ids, slug

ENOUGH = 3.0  # a total below this is a guess
MOST = 400  # branches of one document; a plan of a person has dozens


@dataclass(slots=True, eq=False)
class Entry:
    """One branch: everything that speaks of it."""

    id: str
    mentions: list[Mention] = field(default_factory=list)
    made_up: bool = False  # the id is not in the document

    @property
    def names(self) -> list[str]:
        """Git names, as mentioned."""
        return [m.name for m in self.mentions if m.name]

    @property
    def titles(self) -> list[str]:
        """What it is called, git names' last parts included."""
        return [m.title for m in self.mentions if m.title] + [slug(name)[2] for name in self.names]

    @property
    def wave(self) -> int | None:
        """The wave most of what is said puts it in, by the order of mentions."""
        return next((m.wave for m in self.mentions if m.wave is not None), None)


@dataclass(slots=True)
class Branches:
    """All branches of a document, and which one a mention is."""

    entries: dict[str, Entry]
    of: dict[int, Entry]  # id(mention) -> entry
    loose: list[Mention]  # mentions that no branch fits


def resolve(facts: Facts, phase: int | None) -> Branches:
    """Sort every mention into a branch, except those that only say who owns a path (`owners.assign`)."""
    known = Branches({}, {}, [])
    own = (f"{phase}." if phase is not None else "", *((facts.scheme.prefix,) if facts.scheme.labels else ()))
    for mention in facts.mentions:
        if mention.id is not None and mention.id.startswith(own) and len(known.entries) < MOST:
            put(known, known.entries.setdefault(mention.id, Entry(mention.id)), mention)
    for said in (said for wave in facts.waves.values() for said in wave.members):
        for branch in ids(said.value):
            if branch.startswith(own) and len(known.entries) < MOST:
                known.entries.setdefault(branch, Entry(branch))
    _replace_split(known, facts)
    groups = _groups(known, facts)
    _assign(known, groups, facts, phase)
    return known


def put(known: Branches, entry: Entry, mention: Mention) -> None:
    """Say that a mention is of an entry."""
    entry.mentions.append(mention)
    known.of[id(mention)] = entry


def _replace_split(known: Branches, facts: Facts) -> None:
    """Parts take the place of a branch that was split, once every part is described."""
    told = {said.value[0] for said in facts.splits}
    for half in {s.value: s for s in facts.halved if s.value not in told}.values():
        lettered = tuple(i for i in known.entries if re.fullmatch(rf"{re.escape(half.value)}[a-z]", i))
        if len(lettered) > 1:
            facts.splits.append(Said((half.value, lettered), half.line))
    for said in list(facts.splits):
        whole, parts = said.value
        described = all(part in known.entries and known.entries[part].mentions for part in parts)
        if whole in known.entries and described:
            gone = known.entries.pop(whole)
            for mention in gone.mentions:
                known.of.pop(id(mention), None)  # the mention keeps its id: edges from it go to the parts
            for part in (known.entries[part] for part in parts):
                if part.wave is None and gone.wave is not None:
                    part.mentions[0].wave = gone.wave
        else:
            facts.splits.remove(said)


def _groups(known: Branches, facts: Facts) -> list[list[Mention]]:
    """Mentions without an id, those with one git name together; what a known name or agent settles is settled."""
    by_name = {name: entry for entry in known.entries.values() for name in entry.names}
    by_agent = {
        (m.wave, m.agent): known.of[id(m)]
        for m in reversed(facts.mentions)
        if m.source in ("agent table", "branch section") and m.agent and id(m) in known.of
    }
    groups: dict[tuple[str, object], list[Mention]] = defaultdict(list)
    for mention in facts.mentions:
        if id(mention) in known.of or mention.id is not None:
            continue
        if mention.name in by_name:
            put(known, by_name[mention.name], mention)
        elif mention.name:
            groups["name", mention.name].append(mention)
        elif mention.agent and (mention.wave, mention.agent) in by_agent:
            put(known, by_agent[mention.wave, mention.agent], mention)
        elif mention.title or mention.agent:
            groups["agent" if mention.agent else "title", (mention.wave, mention.agent or mention.title)].append(
                mention
            )
    return _merged(list(groups.values()))


def _merged(groups: list[list[Mention]]) -> list[list[Mention]]:
    """A group known by its agent joins the named row of that agent in that wave; a title joins a title."""
    named = [g for g in groups if any(m.name or m.source == "agent table" for m in g)]
    rest = [g for g in groups if g not in named]
    by_agent: dict[tuple[int | None, str | None], list[Mention]] = {
        (m.wave, m.agent): g
        for g in reversed(named)
        for m in g
        if m.agent and m.wave is not None and m.source in ("agent table", "branch section", "shell")
    }
    out = list(named)
    for group in rest:
        first = next((m for m in group if m.title), group[0])
        home = by_agent.get((first.wave, first.agent)) if first.agent else None
        if home is None and first.title:
            scored = [
                (max((alike(first.title, t) for t in _titles(g)), default=0.0), i)
                for i, g in enumerate(out)
                if first.wave is None or _wave(g) in (None, first.wave)
            ]
            best = max(scored, default=(0.0, 0))
            home = out[best[1]] if best[0] >= 0.6 else None
        if home is not None:
            home += group
        else:
            out.append(group)
    return out


def _titles(group: list[Mention]) -> list[str]:
    return [m.title for m in group if m.title] + [slug(m.name)[2] for m in group if m.name]


def _wave(group: list[Mention]) -> int | None:
    named = next((slug(m.name)[1] for m in group if m.name), None)
    return next((m.wave for m in group if m.wave is not None), named)


def _assign(known: Branches, groups: list[list[Mention]], facts: Facts, phase: int | None) -> None:
    """Rule 3, best total first; then rule 4; then ids of their own."""
    had_ids = bool(known.entries)
    waves = {b: n for n, wave in facts.waves.items() for said in wave.members for b in ids(said.value)}
    open_ids = list(known.entries.values())
    places = _places(open_ids, waves)
    if len(groups) * len(open_ids) <= 40_000:
        totals = [
            (_total(g, e, places, waves), -gi, -ei) for gi, g in enumerate(groups) for ei, e in enumerate(open_ids)
        ]
    else:
        totals = []
    taken: set[int] = set()
    filled: set[int] = set()
    for _, gi, ei in sorted((t for t in totals if t[0] >= ENOUGH), reverse=True):
        group, entry = groups[-gi], open_ids[-ei]
        if -gi in taken or (any(m.name for m in group) and (-ei in filled or entry.names)):
            continue
        taken.add(-gi)
        filled |= {-ei} if any(m.name for m in group) else set()
        for mention in group:
            put(known, entry, mention)
    left = [g for i, g in enumerate(groups) if i not in taken]
    left = _by_place(known, left, [e for i, e in enumerate(open_ids) if i not in filled and not e.names], waves)
    for group in left:
        if not had_ids or (any(m.source == "agent table" or (m.source == "branch section" and m.name) for m in group)):
            _new(known, group, phase)
        else:
            known.loose += group


def _places(entries: list[Entry], waves: dict[str, int]) -> dict[str, int]:
    """The place of each id within its wave."""
    count: dict[int | None, int] = defaultdict(int)
    out = {}
    for entry in _in_order(entries):
        wave = waves.get(entry.id, entry.wave)
        out[entry.id] = count[wave]
        count[wave] += 1
    return out


def _in_order(entries: list[Entry]) -> list[Entry]:
    """By the numbers of their ids."""
    return sorted(entries, key=lambda e: tuple(int(n) if n.isdigit() else 0 for n in e.id.split(".")))


def _total(group: list[Mention], entry: Entry, places: dict[str, int], waves: dict[str, int]) -> float:
    total = 0.0
    of_name = next((slug(m.name)[1] for m in group if m.name and slug(m.name)[1] is not None), None)
    if of_name is not None:
        total += 2.0 if str(of_name) == entry.id.split(".")[1] else -2.0
    wave, theirs = next((m.wave for m in group if m.wave is not None), None), waves.get(entry.id, entry.wave)
    if wave is not None and theirs is not None:
        total += 2.0 if wave == theirs else -3.0
    likeness = max((alike(a, b) for a in _titles(group) for b in entry.titles), default=0.0)
    total += 6.0 * likeness
    counts = {n for m in group for n in m.lines}
    if counts and (known := {n for m in entry.mentions for n in m.lines}):
        total += 1.5 if counts & known else -1.0
    if group[0].source == "agent table" and group[0].place == places.get(entry.id):
        total += 0.5
    return total if likeness > 0.3 or not entry.titles else min(total, ENOUGH - 1)


def _by_place(
    known: Branches, left: list[list[Mention]], entries: list[Entry], waves: dict[str, int]
) -> list[list[Mention]]:
    """As many rows as ids are left in a wave: the first is the first."""
    rest: list[list[Mention]] = []
    for wave in sorted({_wave(g) for g in left}, key=str):
        here = [g for g in left if _wave(g) == wave]
        free = [e for e in _in_order(entries) if waves.get(e.id, _of_entry(e)) == wave]
        if wave is None or len(here) != len(free):
            rest += here
            continue
        for group, entry in zip(sorted(here, key=lambda g: g[0].place), free, strict=True):
            for mention in group:
                put(known, entry, mention)
    return rest


def _of_entry(entry: Entry) -> int:
    return int(entry.id.split(".")[1]) if entry.wave is None else entry.wave


def _new(known: Branches, group: list[Mention], phase: int | None) -> None:
    """A branch that no id was found for."""
    wave = _wave(group)
    if wave is None or len(known.entries) >= MOST:
        known.loose += group
        return
    of_phase = (
        phase if phase is not None else next((p for m in group if m.name and (p := slug(m.name)[0]) is not None), 0)
    )
    place = 1
    while f"{of_phase}.{wave}.{place}" in known.entries:
        place += 1
    entry = known.entries[f"{of_phase}.{wave}.{place}"] = Entry(f"{of_phase}.{wave}.{place}", made_up=True)
    for mention in group:
        put(known, entry, mention)
