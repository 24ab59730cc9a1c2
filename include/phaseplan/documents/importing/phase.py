"""Fill in what a document says of the phase itself: title, ties, limits, shared files, claims, notes."""

from __future__ import annotations

from phaseplan.documents.importing.context import agents_of, wave_of
from phaseplan.documents.importing.draft import Draft, at
from phaseplan.documents.importing.facts import Said, Shared
from phaseplan.documents.importing.owners import agent_of
from phaseplan.documents.importing.words import ids, names
from phaseplan.documents.outline.model import At, SharedFile
from phaseplan.documents.outline.plans import short
from phaseplan.plan.patterns.overlap import common_path


def fill(draft: Draft) -> None:
    """Add to the draft's phase what the facts say of it."""
    facts, part = draft.facts, draft.part
    part.title = at(facts.titles[0]) if facts.titles else None
    part.depends, part.blocks, part.independent = (
        _ties(draft, ties) for ties in (facts.depends, facts.blocks, facts.independent)
    )
    of_waves = (fact for group in part.groups for fact in facts.wave(group.number).agents)
    most = facts.max_agents[0] if facts.max_agents else max(of_waves, key=lambda fact: fact.value, default=None)
    part.max_agents = at(most) if most else None
    limit = min(facts.max_lines, key=lambda s: s.line, default=None)
    part.max_lines = at(limit) if limit else None
    file = short(facts.file)
    part.todos += [f"gate without a command: {g.value} ({file}:{g.line})" for g in facts.gates]
    _share(draft)
    _claims(draft)
    part.notes = [*map(at, facts.notes)]


def _ties(draft: Draft, stated: list[Said[tuple[int, ...]]]) -> list[At[int | None]]:
    own = draft.part.number.value if draft.part.number else None
    ties: list[At[int | None]] = [At(n, fact.line) for fact in stated for n in fact.value if n != own]
    return ties or [At(None, fact.line) for fact in stated[:1]]


def _claims(draft: Draft) -> None:
    facts, part = draft.facts, draft.part
    first: list[tuple[str, list[Said[str]]]] = [
        ("reduction", [Said(f"{fact.value}%", fact.line) for fact in facts.reductions]),
        ("duration", facts.durations),
        ("sequential", facts.sequentials),
        ("parallel", facts.parallels),
        ("utilisation", facts.utilisations),
    ]
    part.claims += [At(f"{key}: {values[0].value}", values[0].line) for key, values in first if values]
    part.critical = at(facts.critical[0]) if facts.critical else None
    part.risks = {
        key: {name: at(fact) for name, fact in table.items()}
        for key, table in (("risks", facts.risks), ("mitigations", facts.mitigations))
    }


def _share(draft: Draft) -> None:
    """Sort the statements about shared files: those with an owner, those without, and what a command makes."""
    part, unowned, generated = draft.part, dict[str, int](), dict[str, int]()
    files: dict[str, SharedFile] = {}
    for shared in draft.facts.shared:
        if shared.generated:
            generated.setdefault(shared.path, shared.line)
            continue
        owner = next(iter(_branches_named(draft, shared.owner or "", shared.wave)), None)
        if owner is None:
            unowned.setdefault(shared.path, shared.line)
        else:
            others = tuple(b for b in _sharers(draft, shared) if b != owner)
            files.setdefault(shared.path, SharedFile(shared.path, shared.line, owner, others))
    part.shared = list(files.values())
    part.todos += [
        f"shared file {path}: nothing says which branch owns it ({short(draft.facts.file)}:{line})"
        for path, line in unowned.items()
        if path not in files
    ]
    part.generated = [At(path, line) for path, line in generated.items()]
    part.generator = at(draft.facts.generators[0]) if draft.facts.generators else None


def _branches_named(draft: Draft, text: str, wave: int | None) -> list[str]:
    """Find the branches that a text names by id, git name or agent."""
    entries = draft.known.entries
    branch_ids = [i for i in ids(text, tuple(entries)) if i in entries]
    branch_ids += [e.id for name in names(text) for e in entries.values() if name in e.names]
    for agent in agents_of(text):
        entry = agent_of(draft.known, agent, wave_of(text, wave))
        if entry is not None:
            branch_ids.append(entry.id)
    return list(dict.fromkeys(branch_ids))


def _sharers(draft: Draft, shared: Shared) -> list[str]:
    """List branches that are named beside a file, else branches of the wave that own paths there."""
    named = _branches_named(draft, shared.note, shared.wave) if ids(shared.note) or agents_of(shared.note) else []
    if named:
        return named
    return [
        branch.id
        for branch in draft.units
        if (shared.wave is None or draft.wave_of[branch.id] == shared.wave)
        and any(common_path(own.value, shared.path) for own in branch.owns)
    ]
