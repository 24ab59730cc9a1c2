"""Collect dependencies by kind of source; texts like `SyncTarget, Placement` become ids by the words of titles."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from phaseplan.documents.importing.context import agents_of, wave_of, waves_of
from phaseplan.documents.importing.facts import Facts, Said, Source
from phaseplan.documents.importing.identity import Branches, Entry
from phaseplan.documents.importing.likeness import within
from phaseplan.documents.importing.owners import agent_of
from phaseplan.documents.importing.words import clean, ids, names
from phaseplan.documents.outline.attributes import phases
from phaseplan.documents.outline.ids import nothing
from phaseplan.plan.graph import reaches

RANK: tuple[Source, ...] = ("graph", "matrix", "agent table", "branch section", "list", "text")
Choice = tuple[list[Said[str]], Source | None]
_WAVES = re.compile(r"\bwaves?\s*\d", re.I)
_BEFORE = re.compile(r"\ball\b.*(?:previous|prior|earlier|preceding|above|other)", re.I)
_ALL = re.compile(r"\ball\b.*(?:previous|prior|other|above|branches|waves)", re.I)
_OTHERS = re.compile(r"^\d+\.\d+\.[\dxX*]|^p(?:hase)?\W?\d+\b|external|upstream project|\bphase\b", re.I)


@dataclass(slots=True)
class Needs:
    """Hold what each source says that one branch needs."""

    by: dict[Source, list[Said[str]]] = field(default_factory=dict)
    nothing: dict[Source, int] = field(default_factory=dict)  # source -> line where it says: nothing
    whole_waves: list[Said[int]] = field(default_factory=list)  # `Wave 1`
    unknown: list[Said[str]] = field(default_factory=list)  # texts that fit no branch

    def add(self, needed: str, line: int, source: Source) -> None:
        """Add one dependency, once for each source."""
        values = self.by.setdefault(source, [])
        if all(fact.value != needed for fact in values):
            values.append(Said(needed, line, source))


def collect(branches: Branches, facts: Facts, waves: dict[str, int]) -> dict[str, Needs]:
    """Collect the dependencies of every branch."""
    reading = _Texts(branches, waves, dict(fact.value for fact in facts.splits))
    out = reading.out
    drawn = any(m.nodes for m in facts.mentions if m.source == "graph")
    for edge in facts.edges:
        needed, by = edge.value
        if needed in out and by in out and needed != by:
            out[by].add(needed, edge.line, edge.source)
    for entry in branches.entries.values():
        for mention in entry.mentions:
            for node, line in mention.nodes:
                other = branches.of.get(id(node))
                if other is not None and other is not entry:
                    out[entry.id].add(other.id, line, "graph")
            if mention.source == "graph" and not mention.nodes and drawn:
                out[entry.id].nothing.setdefault("graph", mention.line)
            if mention.needs is not None:
                reading.read(entry, mention.needs, mention.line, mention.source)
            for fed in ids(mention.feeds or "", tuple(branches.entries)):
                if fed in out and fed != entry.id:
                    out[fed].add(entry.id, mention.line, "text")
    _of_the_split(branches, facts, out)
    return out


def _of_the_split(branches: Branches, facts: Facts, out: dict[str, Needs]) -> None:
    """Let branches that needed a split branch need its parts: those that something names for it, else all."""
    for whole, parts in (fact.value for fact in facts.splits):
        named = {edge.value for edge in facts.edges if edge.value[0] in parts}
        for edge in facts.edges:
            needed, by = edge.value
            if needed == whole and by in out:
                for part in [part for part in parts if (part, by) in named] or parts:
                    out[by].add(part, edge.line, edge.source)
        for entry in branches.entries.values():
            needs = out[entry.id]
            stated = [part for part in parts if any(part == fact.value for each in needs.by.values() for fact in each)]
            lines = [line for mention in entry.mentions for node, line in mention.nodes if node.id == whole]
            for line in lines:
                for part in stated or parts:
                    needs.add(part, line, "graph")


class _Texts:
    """Read cells and lines of dependencies: ids, git names, agents, waves, words of titles."""

    def __init__(self, branches: Branches, waves: dict[str, int], parts: dict[str, tuple[str, ...]]) -> None:
        self.branches, self.waves, self.parts = branches, waves, parts  # `parts` by the branch that was split
        self.out = {branch: Needs() for branch in branches.entries}
        entries = branches.entries.values()
        self.by_name = {form: e.id for e in entries for name in e.names for form in (name.rsplit("/", 1)[-1], name)}
        self.by_title = {title.lower(): e.id for e in entries for title in (*e.titles, *e.names)}

    def read(self, entry: Entry, raw: str, line: int, source: Source) -> None:
        """Read what a branch needs by one source."""
        text, needs = clean(raw), self.out[entry.id]
        if nothing(text):
            needs.nothing.setdefault(source, line)
            return
        branch_ids = ids(text, tuple(self.branches.entries))
        stated = {fact.value for values in needs.by.values() for fact in values}
        for branch in branch_ids:
            parts = self.parts.get(branch, (branch,))
            for needed in stated.intersection(parts) or parts:
                if needed in self.branches.entries and needed != entry.id:
                    needs.add(needed, line, source)
        if branch_ids:
            return
        joint = r"[+&]|\band\b|\bplus\b" + ("" if names(raw) else "|/")  # a slash is part of a git name
        for several in re.split(r"[,;]", re.sub(r"\([^)]*\)", "", raw if names(raw) else text)):
            whole = self.by_title.get(several.strip(" .`*").lower(), entry.id)
            if whole != entry.id:
                needs.add(whole, line, source)
                continue
            for part in (p.strip(" .`*") for p in re.split(joint, several)):
                if part and not nothing(part):
                    self.part(entry, part, line, source)

    def part(self, entry: Entry, part: str, line: int, source: Source) -> None:
        """Read one part of a list."""
        own, needs = self.waves.get(entry.id), self.out[entry.id]
        agent = next((agent_of(self.branches, label, wave_of(part, own)) for label in agents_of(part)), None)
        named = next((self.by_name[n] for n in (names(part) or [part]) if n in self.by_name), entry.id)
        if named != entry.id:
            needs.add(named, line, source)
        elif phases(part) or _OTHERS.search(part):
            return
        elif agent is not None and agent is not entry:
            needs.add(agent.id, line, source)
        elif _WAVES.search(part) or _ALL.search(part):
            only = wave_of(part)
            whole = waves_of(part) or ([only] if only is not None else [])
            if not whole and own is not None and _BEFORE.search(part):
                whole = sorted({wave for wave in self.waves.values() if wave < own})
            needs.whole_waves += [Said(wave, line, source) for wave in whole]
        elif (needed := self.by_words(entry, part)) is None:
            needs.unknown.append(Said(part, line, source))
        else:
            needs.add(needed, line, source)

    def by_words(self, entry: Entry, text: str) -> str | None:
        """Return the branch whose title has all of a text's words and which is not in a later wave.

        Among several, an earlier wave counts before the same one, then a title with no other words, then order.
        """
        own = self.waves.get(entry.id)
        fitting: list[tuple[bool, bool, int, str]] = []
        for i, other in enumerate(self.branches.entries.values()):
            wave = self.waves.get(other.id)
            late = own is not None and wave is not None and wave > own
            titles = [title for title in other.titles if within(text, title)] if other is not entry and not late else []
            if titles:
                fitting.append((wave == own, not any(within(title, text) for title in titles), i, other.id))
        return min(fitting)[-1] if fitting else None


def chosen(needs: Needs, members: dict[int, list[str]], own: int | None) -> list[Choice]:
    """List what may count as the dependencies of a branch, the best first; see docs/decisions/016."""
    out: list[Choice] = [(needs.by[source], source) for source in RANK if needs.by.get(source)]
    out += [([], source) for source in RANK if source in needs.nothing]
    whole = [fact for fact in needs.whole_waves if own is None or fact.value < own]
    if whole:
        every = [Said(b, fact.line, fact.source) for fact in whole for b in members.get(fact.value, [])]
        out.append((list({fact.value: fact for fact in every}.values()), whole[0].source))
    return [*out, ([], None)]


def settle(choices: dict[str, list[Choice]], waves: dict[str, int]) -> dict[str, Choice]:
    """Choose for each branch the best that neither needs a later wave nor closes a circle, else the best.

    Branches whose best source ranks higher are settled first, so that the weaker source gives way.
    """
    out: dict[str, Choice] = {}
    settled: dict[str, list[str]] = {}
    for branch in sorted(choices, key=lambda b: RANK.index(choices[b][0][1]) if choices[b][0][1] else len(RANK)):
        options = choices[branch]
        fitting = (
            o
            for o in options
            if not _is_late(branch, o, waves) and not any(reaches(settled, fact.value, branch) for fact in o[0])
        )
        stated = next((o for o in fitting if o[1] is not None), None)
        out[branch] = stated or options[0]
        settled[branch] = [fact.value for fact in out[branch][0]]
    return out


def _is_late(branch: str, choice: Choice, waves: dict[str, int]) -> bool:
    own = waves.get(branch)
    return own is not None and any(waves.get(fact.value, own) > own for fact in choice[0])
