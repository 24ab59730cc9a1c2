"""Fill in what a document says of the phase itself: title, ties, limits, shared files, claims, notes."""

from __future__ import annotations

from phaseplan.documents.importing.draft import Draft, at
from phaseplan.documents.importing.facts import Said
from phaseplan.documents.importing.paths import share
from phaseplan.documents.outline.model import At
from phaseplan.documents.outline.plans import short


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
    part.todos += [f"gate without a command: {g.value} ({file}:{g.line})" for g in facts.gates if g.source == "text"]
    share(draft)
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
