"""Check shared files: their owner and the branches listed for them exist, and the owner merges first."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.lint.suggest import hint


def known_branches(view: View) -> Iterator[Finding]:
    """PP505, PP506: report an owner or a listed branch that does not exist."""
    ids = view.wave_index
    for i, entry in enumerate(view.plan.shared_files):
        if entry.owner not in ids:
            message = f"the owner of {entry.path}, {entry.owner}, is not a branch of this plan"
            yield Finding("PP505", ("shared_files", i, "owner"), message, hint(entry.owner, ids, "branches"))
        for j, branch in enumerate(entry.branches):
            if branch not in ids:
                message = f"{entry.path} is shared with {branch}, which is not a branch of this plan"
                yield Finding("PP506", ("shared_files", i, "branches", j), message, hint(branch, ids, "branches"))


def declared_once(view: View) -> Iterator[Finding]:
    """PP508: report a shared file that is declared twice."""
    declared: set[str] = set()
    for i, entry in enumerate(view.plan.shared_files):
        if entry.path in declared:
            yield Finding(
                "PP508", ("shared_files", i, "path"), f"{entry.path} is declared twice", "join the two entries"
            )
        declared.add(entry.path)


def owner_comes_first(view: View) -> Iterator[Finding]:
    """PP509: report an owner in a later wave than a branch listed for the file."""
    waves, index = view.plan.waves, view.wave_index
    for i, entry in enumerate(view.plan.shared_files):
        for j, branch in enumerate(entry.branches):
            if index.get(entry.owner, -1) > index.get(branch, len(waves)):
                late, early = waves[index[entry.owner]].wave, waves[index[branch]].wave
                message = (
                    f"{entry.owner} (wave {late}) owns {entry.path} and merges first, but {branch} is in wave {early}"
                )
                yield Finding("PP509", ("shared_files", i, "branches", j), message, f"make {branch} the owner")
