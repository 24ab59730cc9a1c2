"""Find which agent works on a branch, and which branch a title names."""

from __future__ import annotations

from phaseplan.documents.importing.facts import Facts
from phaseplan.documents.importing.identity import Branches, Entry, add_mention
from phaseplan.documents.importing.likeness import alike


def assign(branches: Branches, facts: Facts) -> None:
    """Add mentions that only name the owner of a path to the branches."""
    by_name = {name: entry for entry in branches.entries.values() for name in entry.names}
    for mention in facts.owned:
        entry = branches.entries.get(mention.id or "") or by_name.get(mention.name or "")
        if entry is None and mention.agent:
            entry = agent_of(branches, mention.agent, mention.wave)
        if entry is None and mention.title:
            entry = by_title(branches, mention.title, mention.wave)
        if entry is not None:
            add_mention(branches, entry, mention)
        else:
            branches.loose.append(mention)


def agent_of(branches: Branches, agent: str, wave: int | None) -> Entry | None:
    """Return the branch of an agent in a wave; without a wave only if the agent has one branch."""
    candidates = {
        branches.of[id(m)].id: branches.of[id(m)]
        for e in branches.entries.values()
        for m in e.mentions
        if m.agent == agent and m.source != "shell" and (wave is None or m.wave == wave)
    }
    return next(iter(candidates.values())) if len(candidates) == 1 else None


def by_title(branches: Branches, title: str, wave: int | None) -> Entry | None:
    """Return the branch that a title means, the one of the same wave first."""
    fitting = [entry for entry in branches.entries.values() if any(alike(title, t) for t in entry.titles)]
    return next((entry for entry in fitting if entry.wave == wave), fitting[0] if fitting else None)
