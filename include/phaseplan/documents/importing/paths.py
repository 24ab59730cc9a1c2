"""Find shared and generated files of a draft, with their owners."""

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
    """Hold one shared file whose owner is known."""

    path: str
    line: int
    owner: str
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Hold paths that several branches change. `unowned` and `generated` are paths with their lines."""

    files: tuple[SharedChoice, ...]
    unowned: tuple[tuple[str, int], ...]
    generated: tuple[tuple[str, int], ...]
    command: Said[str] | None


def sharing(draft: Draft) -> Sharing:
    """Sort the statements about shared files."""
    files: dict[str, SharedChoice] = {}
    unowned: dict[str, int] = {}
    generated: dict[str, int] = {}
    for shared in draft.facts.shared:
        if shared.generated:
            generated.setdefault(shared.path, shared.line)
            continue
        owner = next(iter(_branches_named(draft, shared.owner or "", shared.wave)), None)
        if owner is None:
            unowned.setdefault(shared.path, shared.line)
        else:
            others = tuple(b for b in _sharers(draft, shared) if b != owner)
            files.setdefault(shared.path, SharedChoice(shared.path, shared.line, owner, others))
    loose = tuple((path, line) for path, line in unowned.items() if path not in files)
    command = draft.facts.generators[0] if draft.facts.generators else None
    return Sharing(tuple(files.values()), loose, tuple(generated.items()), command)


def _branches_named(draft: Draft, text: str, wave: int | None) -> list[str]:
    """Find the branches that a text names by id, git name, agent or title."""
    entries = draft.known.entries
    branch_ids = [i for i in ids(text, tuple(entries)) if i in entries]
    branch_ids += [e.id for name in names(text) for e in entries.values() if name in e.names]
    for agent in agents_of(text):
        entry = agent_of(draft.known, agent, wave_of(text, wave))
        if entry is not None:
            branch_ids.append(entry.id)
    if (
        not branch_ids
        and text.strip()
        and not agents_of(text)
        and (entry := by_title(draft.known, text, wave)) is not None
    ):
        branch_ids = [entry.id]
    return list(dict.fromkeys(branch_ids))


def _sharers(draft: Draft, shared: Shared) -> list[str]:
    """List branches that are named beside a file, else branches of the wave that own paths there."""
    named = _branches_named(draft, shared.note, shared.wave) if ids(shared.note) or agents_of(shared.note) else []
    if named:
        return named
    return [
        branch.id
        for branch in draft.branches
        if (shared.wave is None or draft.wave_of[branch.id] == shared.wave)
        and any(common_path(own.value, shared.path) for own in branch.owns)
    ]
