"""Define what integration needs to run a plan's commands. Containers implement it: docs/design/container.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from phaseplan.errors import PhaseplanError
from phaseplan.ledger.records import Finding
from phaseplan.repository.repo import GitRepo


class GateFailed(PhaseplanError):
    """A command of the plan failed. The findings name the command and the place."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(f) for f in self.findings) or "a gate failed without a finding")


class Workbench(Protocol):
    """Runs a plan's commands on one exact commit, never on a worker's own file system."""

    def regenerate(self, repo: GitRepo, commit: str, commands: Sequence[str], patterns: Sequence[str]) -> str:
        """Run the generators on `commit`.

        :return: a commit on top in which only paths that match `patterns` changed (pinned date and
            identity, so that doing it again gives the same id), or `commit` where nothing changed.
        :raises GateFailed: a generator failed.
        """
        ...

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        """Run commands in order in a fresh checkout of `commit`; no finding means all were green.

        :raises Infrastructure: the commands could not be run at all.
        """
        ...
