"""Find which mentions are about the same branch.

The rule, for mentions without an id, strongest first:

1. the git name, where another mention gives name and id;
2. the agent's number, within its wave;
3. all words of the title or the git name, within the wave;
4. the place within the wave, where as many are left on both sides.

Where a document has no ids at all they are phase.wave.place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from phaseplan.documents.importing.facts import Facts, Mention, Said
from phaseplan.documents.importing.likeness import alike
from phaseplan.documents.importing.words import ids, in_order, slug

MOST_PAIRS = 40_000  # of groups and ids that are compared by their words
MOST = 2_000  # branches of one document; a plan of a person has dozens


@dataclass(slots=True, eq=False)
class Entry:
    """Hold one branch with everything that is about it."""

    id: str
    mentions: list[Mention] = field(default_factory=list)
    made_up: bool = False  # the id is not in the document

    @property
    def names(self) -> list[str]:
        """Return git names, as mentioned."""
        return [m.name for m in self.mentions if m.name]

    @property
    def titles(self) -> list[str]:
        """Return its titles, with the last parts of git names."""
        return [m.title for m in self.mentions if m.title] + [slug(name)[2] for name in self.names]

    @property
    def wave(self) -> int | None:
        """Return the wave of the first mention that names one."""
        return next((m.wave for m in self.mentions if m.wave is not None), None)


@dataclass(slots=True)
class Branches:
    """Hold all branches of a document, and the branch of each mention."""

    entries: dict[str, Entry]
    of: dict[int, Entry]  # id(mention) -> entry
    loose: list[Mention]  # mentions that no branch fits


def resolve(facts: Facts, phase: int | None) -> Branches:
    """Sort every mention into a branch, except those that only name the owner of a path (`owners.assign`)."""
    branches = Branches({}, {}, [])
    own = (f"{phase}." if phase is not None else "", *((facts.scheme.prefix,) if facts.scheme.labels else ()))
    for mention in facts.mentions:
        if mention.id is not None and mention.id.startswith(own) and len(branches.entries) < MOST:
            add_mention(branches, branches.entries.setdefault(mention.id, Entry(mention.id)), mention)
    for fact in (fact for wave in facts.waves.values() for fact in wave.members):
        for branch in ids(fact.value):
            if branch.startswith(own) and len(branches.entries) < MOST:
                branches.entries.setdefault(branch, Entry(branch))
    _replace_split(branches, facts)
    groups = _groups(branches, facts)
    _assign(branches, groups, facts, phase)
    return branches


def add_mention(branches: Branches, entry: Entry, mention: Mention) -> None:
    """Add a mention to an entry."""
    entry.mentions.append(mention)
    branches.of[id(mention)] = entry


def _replace_split(branches: Branches, facts: Facts) -> None:
    """Replace a branch that was split by its parts, once every part is described."""
    split_ids = {fact.value[0] for fact in facts.splits}
    for half in {s.value: s for s in facts.halved if s.value not in split_ids}.values():
        lettered = tuple(i for i in branches.entries if re.fullmatch(rf"{re.escape(half.value)}[a-z]", i))
        if len(lettered) > 1:
            facts.splits.append(Said((half.value, lettered), half.line))
    for fact in list(facts.splits):
        whole, parts = fact.value
        described = all(part in branches.entries and branches.entries[part].mentions for part in parts)
        if whole in branches.entries and described:
            whole_entry = branches.entries.pop(whole)
            for mention in whole_entry.mentions:
                branches.of.pop(id(mention), None)  # the mention keeps its id: edges from it go to the parts
            for part in (branches.entries[part] for part in parts):
                if part.wave is None and whole_entry.wave is not None:
                    part.mentions[0].wave = whole_entry.wave
        else:
            facts.splits.remove(fact)


def _groups(branches: Branches, facts: Facts) -> list[list[Mention]]:
    """Group mentions without an id by git name; mentions with a known name or agent join that branch."""
    by_name = {name: entry for entry in branches.entries.values() for name in entry.names}
    groups: dict[tuple[str, object], list[Mention]] = defaultdict(list)
    for mention in facts.mentions:
        if id(mention) in branches.of or mention.id is not None:
            continue
        if mention.name in by_name:
            add_mention(branches, by_name[mention.name], mention)
        elif mention.name:
            groups["name", mention.name].append(mention)
        elif mention.title or mention.agent:
            groups["agent" if mention.agent else "title", (mention.wave, mention.agent or mention.title)].append(
                mention
            )
    return _merged(list(groups.values()))


def _merged(groups: list[list[Mention]]) -> list[list[Mention]]:
    """Join a group known by its agent to the named row of that agent in that wave, and a title to a title."""
    named = [g for g in groups if any(m.name or m.source == "agent table" for m in g)]
    unnamed = [g for g in groups if g not in named]
    by_agent: dict[tuple[int | None, str | None], list[Mention]] = {
        (m.wave, m.agent): g
        for g in reversed(named)
        for m in g
        if m.agent and m.wave is not None and m.source in ("agent table", "branch section", "shell")
    }
    out = list(named)
    for group in unnamed:
        first = next((m for m in group if m.title), group[0])
        home = by_agent.get((first.wave, first.agent)) if first.agent else None
        if home is None and first.title:
            near = (g for g in out if first.wave is None or _wave(g) in (None, first.wave))
            home = next((g for g in near if any(alike(first.title, title) for title in _titles(g))), None)
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


def _assign(branches: Branches, groups: list[list[Mention]], facts: Facts, phase: int | None) -> None:
    """Apply rule 3, then rule 4, then make ids."""
    had_ids = bool(branches.entries)
    waves = {b: n for n, wave in facts.waves.items() for fact in wave.members for b in ids(fact.value)}
    open_ids = list(branches.entries.values())
    placed: set[int] = set()
    filled: set[int] = set()
    pairs = len(groups) * len(open_ids) <= MOST_PAIRS
    for gi, group in enumerate(groups) if pairs else ():
        named = any(m.name for m in group)
        free = ((i, e) for i, e in enumerate(open_ids) if not (named and (i in filled or e.names)))
        ei, entry = next(((i, e) for i, e in free if _fits(group, e, waves)), (-1, None))
        if entry is None:
            continue
        placed.add(gi)
        filled |= {ei} if named else set()
        for mention in group:
            add_mention(branches, entry, mention)
    unplaced = [g for i, g in enumerate(groups) if i not in placed]
    unplaced = _by_place(
        branches, unplaced, [e for i, e in enumerate(open_ids) if i not in filled and not e.names], waves
    )
    for group in unplaced:
        if not had_ids or (any(m.source == "agent table" or (m.source == "branch section" and m.name) for m in group)):
            _new(branches, group, phase)
        else:
            branches.loose += group


def _fits(group: list[Mention], entry: Entry, waves: dict[str, int]) -> bool:
    """Say whether a title or a git name of the group is the entry's, and nothing puts them in different waves."""
    wave, of_entry = _wave(group), waves.get(entry.id, _of_entry(entry))
    if wave is not None and wave != of_entry:
        return False
    return any(alike(title, other) for title in _titles(group) for other in entry.titles)


def _by_place(
    branches: Branches, groups: list[list[Mention]], entries: list[Entry], waves: dict[str, int]
) -> list[list[Mention]]:
    """Match rows to ids in their order, if a wave has as many rows as ids left."""
    unplaced: list[list[Mention]] = []
    for wave in sorted({_wave(g) for g in groups}, key=str):
        wave_groups = [g for g in groups if _wave(g) == wave]
        free = [e for e in sorted(entries, key=lambda e: in_order(e.id)) if waves.get(e.id, _of_entry(e)) == wave]
        if wave is None or len(wave_groups) != len(free):
            unplaced += wave_groups
            continue
        for group, entry in zip(sorted(wave_groups, key=lambda g: g[0].place), free, strict=True):
            for mention in group:
                add_mention(branches, entry, mention)
    return unplaced


def _of_entry(entry: Entry) -> int:
    return int(entry.id.split(".")[1]) if entry.wave is None else entry.wave


def _new(branches: Branches, group: list[Mention], phase: int | None) -> None:
    """Add a branch for which no id was found."""
    wave = _wave(group)
    if wave is None or len(branches.entries) >= MOST:
        branches.loose += group
        return
    of_phase = (
        phase if phase is not None else next((p for m in group if m.name and (p := slug(m.name)[0]) is not None), 0)
    )
    place = 1
    while f"{of_phase}.{wave}.{place}" in branches.entries:
        place += 1
    entry = branches.entries[f"{of_phase}.{wave}.{place}"] = Entry(f"{of_phase}.{wave}.{place}", made_up=True)
    for mention in group:
        add_mention(branches, entry, mention)
