"""Shared and generated files of a draft, with their owners."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.documents.importing.context import agents_of, wave_of
from phaseplan.documents.importing.draft import Draft
from phaseplan.documents.importing.facts import Said, Shared
from phaseplan.documents.importing.owners import agent_of, by_title
from phaseplan.documents.importing.words import ids, names
from phaseplan.plan.patterns.overlap import common_path


@dataclass(frozen=True, slots=True)
class SharedChoice:
    """One shared file whose owner is known."""

    path: str
    line: int
    owner: str
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What several branches touch. `unowned` and `generated` are paths with their lines."""

    files: tuple[SharedChoice, ...]
    unowned: tuple[tuple[str, int], ...]
    generated: tuple[tuple[str, int], ...]
    command: Said[str] | None


def sharing(draft: Draft) -> Sharing:
    """Sort what is said of shared files."""
    files: dict[str, SharedChoice] = {}
    unowned: dict[str, int] = {}
    generated: dict[str, int] = {}
    for shared in draft.facts.shared:
        if shared.generated:
            generated.setdefault(shared.path, shared.line)
            continue
        owner = next(iter(_meant(draft, shared.owner or "", shared.wave)), None)
        if owner is None:
            unowned.setdefault(shared.path, shared.line)
        else:
            others = tuple(b for b in _sharers(draft, shared) if b != owner)
            files.setdefault(shared.path, SharedChoice(shared.path, shared.line, owner, others))
    loose = tuple((path, line) for path, line in unowned.items() if path not in files)
    command = draft.facts.generators[0] if draft.facts.generators else None
    return Sharing(tuple(files.values()), loose, tuple(generated.items()), command)


def _meant(draft: Draft, text: str, wave: int | None) -> list[str]:
    """The branches that a text names by id, git name, agent or title."""
    entries = draft.known.entries
    found = [i for i in ids(text, tuple(entries)) if i in entries]
    found += [e.id for name in names(text) for e in entries.values() if name in e.names]
    for agent in agents_of(text):
        entry = agent_of(draft.known, agent, wave_of(text, wave))
        if entry is not None:
            found.append(entry.id)
    if not found and text.strip() and not agents_of(text) and (entry := by_title(draft.known, text, wave)) is not None:
        found = [entry.id]
    return list(dict.fromkeys(found))


def _sharers(draft: Draft, shared: Shared) -> list[str]:
    """Those that are named beside a file, else those of the wave who work where it is."""
    named = _meant(draft, shared.note, shared.wave) if ids(shared.note) or agents_of(shared.note) else []
    if named:
        return named
    return [
        branch.id
        for branch in draft.branches
        if (shared.wave is None or draft.wave_of[branch.id] == shared.wave)
        and any(common_path(own.value, shared.path) for own in branch.owns)
    ]
