"""Who works on a branch, and which branch a title names."""

from __future__ import annotations

from phaseplan.documents.importing.facts import Facts
from phaseplan.documents.importing.identity import Branches, Entry, put
from phaseplan.documents.importing.likeness import alike


def assign(known: Branches, facts: Facts) -> None:
    """Sort mentions that only say who owns a path into branches."""
    by_name = {name: entry for entry in known.entries.values() for name in entry.names}
    by_key = {m.key: entry for entry in known.entries.values() for m in entry.mentions if m.key}
    for mention in facts.owned:
        entry = known.entries.get(mention.id or "") or by_name.get(mention.name or "")
        if entry is None and mention.agent:
            entry = agent_of(known, mention.agent, mention.wave)
        if entry is None and mention.title:
            entry = by_key.get(mention.title)
        if entry is None and mention.title:
            entry = by_title(known, mention.title, mention.wave)
        if entry is not None:
            put(known, entry, mention)
        else:
            known.loose.append(mention)


def agent_of(known: Branches, agent: str, wave: int | None) -> Entry | None:
    """The branch of an agent in a wave; without a wave only where the agent has one branch."""
    found = {
        known.of[id(m)].id: known.of[id(m)]
        for e in known.entries.values()
        for m in e.mentions
        if m.agent == agent and m.source != "shell" and (wave is None or m.wave == wave)
    }
    if len(found) == 1:
        return next(iter(found.values()))
    if not found and wave is not None and agent.isdigit():
        here = [e for e in known.entries.values() if e.wave == wave]
        numbered = any(m.agent for e in here for m in e.mentions)
        return here[int(agent) - 1] if not numbered and 0 < int(agent) <= len(here) else None
    return None


def by_title(known: Branches, title: str, wave: int | None) -> Entry | None:
    """The one branch whose title is most like this."""
    scored = sorted(
        (
            (max((alike(title, t) for t in e.titles), default=0.0), e.wave == wave, -i, e)
            for i, e in enumerate(known.entries.values())
        ),
        key=lambda s: s[:3],
        reverse=True,
    )
    return scored[0][3] if scored and scored[0][0] >= 0.55 else None
