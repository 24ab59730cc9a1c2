"""Workers that die and gates that somebody interrupts, for tests that ask what is left behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from phaseplan.ledger.records import Finding
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo
from tests.git.lab import LocalBench


class Died(BaseException):
    """The worker is gone."""


def dying_at(n: int, *, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nth push from now that would move a ref dies before it, or after it has landed and nobody could say so."""
    real, calls = Remote.push, [0]

    def push(self: Remote, repo: GitRepo, updates: Sequence[Update]) -> bool:
        held = self.refs()
        calls[0] += any(held.get(u.ref) != u.new for u in updates)
        if calls[0] == n and not after:
            raise Died
        landed = real(self, repo, updates)
        if calls[0] == n:
            raise Died
        return landed

    monkeypatch.setattr(Remote, "push", push)


class Interrupted(LocalBench):
    """A bench in whose middle something happens once."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens: Callable[[], object] | None = happens

    def run(self, repo: GitRepo, commit: str, commands: Sequence[str], *, title: str) -> tuple[Finding, ...]:
        if self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return super().run(repo, commit, commands, title=title)
