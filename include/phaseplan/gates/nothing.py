"""Explain how a commit came to change nothing."""

from __future__ import annotations

from phaseplan.ledger.records import Finding
from phaseplan.repository.commit_paths import changes
from phaseplan.repository.repo import GitRepo

WROTE_NOTHING = "wrote nothing: the commit is the same tree as its base"


def nothing(repo: GitRepo, base: str, raw: str) -> Finding:
    """Make the finding for an agent whose work, without scratch files, is the same tree as its base."""
    if changes(repo, base, raw):
        message = (
            "wrote scratch files only (`gates.scratch_files`): without them the commit is the same tree as its base"
        )
    elif raw != base:
        message = "its commits undo each other: the last is the same tree as its base"
    else:
        message = WROTE_NOTHING
    return Finding(gate="agent", message=message)
