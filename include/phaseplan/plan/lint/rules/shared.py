"""Shared files: their owner and the branches listed for them exist, and the owner merges first."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.lint.suggest import hint


def known_branches(view: View) -> Iterator[Finding]:
    """PP505, PP506."""
    ids = view.wave_index
    for i, entry in enumerate(view.plan.shared_files):
        if entry.owner not in ids:
            said = f"the owner of {entry.path}, {entry.owner}, is not a branch of this plan"
            yield Finding("PP505", ("shared_files", i, "owner"), said, hint(entry.owner, ids, "branches"))
        for j, branch in enumerate(entry.branches):
            if branch not in ids:
                said = f"{entry.path} is shared with {branch}, which is not a branch of this plan"
                yield Finding("PP506", ("shared_files", i, "branches", j), said, hint(branch, ids, "branches"))


def declared_once(view: View) -> Iterator[Finding]:
    """PP508."""
    seen: set[str] = set()
    for i, entry in enumerate(view.plan.shared_files):
        if entry.path in seen:
            yield Finding(
                "PP508", ("shared_files", i, "path"), f"{entry.path} is declared twice", "join the two entries"
            )
        seen.add(entry.path)


def owner_comes_first(view: View) -> Iterator[Finding]:
    """PP509."""
    waves, index = view.plan.waves, view.wave_index
    for i, entry in enumerate(view.plan.shared_files):
        for j, branch in enumerate(entry.branches):
            if index.get(entry.owner, -1) > index.get(branch, len(waves)):
                late, early = waves[index[entry.owner]].wave, waves[index[branch]].wave
                said = (
                    f"{entry.owner} (wave {late}) owns {entry.path} and merges first, but {branch} is in wave {early}"
                )
                yield Finding("PP509", ("shared_files", i, "branches", j), said, f"make {branch} the owner")
