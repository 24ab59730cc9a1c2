"""Find the branches that make a merge red, by a search over prefixes of the merge order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from phaseplan.ledger.records import Finding

#: How a search guesses the share of bad candidates: as if this many had been decided before, one of them bad.
_PRIOR = 6
#: A share of bad candidates from which on they are tried one by one.
_MANY = 0.3


class Red(Protocol):
    """Gate a merge of some candidates; return the findings, none if the gates pass."""

    def __call__(self, chosen: tuple[str, ...], *, again: bool = False) -> tuple[Finding, ...]:
        """Gate a merge.

        :param again: run the gates once more instead of remembering an earlier result.
        """
        ...


@dataclass(frozen=True)
class Culprit:
    """Name a candidate with which the gates fail twice, and without which they pass."""

    id: str
    without: tuple[str, ...]  # the green merge, to which it was added
    findings: tuple[Finding, ...]  # of the red one


class Search:
    """Take culprits out of a merge whose gates fail until the gates of the rest pass.

    The empty merge (`red(())`) is known to pass and the whole to fail twice; the caller has seen both. Every other
    answer is tested. A failure that does not repeat is flaky and counts as passed.

    :param candidates: in merge order.
    :param needs: what a candidate cannot be merged without; it leaves with its culprit.
    """

    def __init__(self, candidates: Sequence[str], needs: Mapping[str, Sequence[str]], red: Red) -> None:
        self._needs, self._red = needs, red
        self._left = list(candidates)  # not decided yet
        self._reds = [len(self._left)] if self._left else []  # how many of those left make a red merge, falling
        self._twice = len(self._left)  # that many were red twice
        self._decided = 0
        self.good: list[str] = []  # known green together
        self.culprits: list[Culprit] = []
        self.waiting: dict[str, str] = {}  # id -> the culprit it cannot be merged without
        self.flaky: list[Finding] = []
        self._findings: dict[int, tuple[Finding, ...]] = {}  # what a red merge of that many said

    @property
    def suspects(self) -> tuple[str, ...]:
        """Return the candidates that are not decided yet."""
        return tuple(self._left)

    def run(self) -> None:
        """Decide about every candidate; the gates of `good` as a whole then pass."""
        while self._left:
            if self._reds and self._reds[-1] == 1:
                self._confirm()
            else:
                self._try(self._next())

    def _next(self) -> int:
        """Choose how many to add next: so many that all pass about every second time, at most half of a failing
        group."""
        most = self._reds[-1] // 2 if self._reds else len(self._left)
        share = (len(self.culprits) + 1) / (self._decided + _PRIOR)
        return 1 if share > _MANY else max(1, min(most, round(0.7 / share)))

    def _try(self, count: int) -> None:
        findings = self._red((*self.good, *self._left[:count]))
        if not findings:
            self._accept(count)
            return
        self._reds.append(count)
        self._findings[count] = findings

    def _accept(self, count: int) -> None:
        """Add the first `count` to those that pass together."""
        self.good += self._left[:count]
        self._decide(count)

    def _decide(self, count: int) -> None:
        del self._left[:count]
        self._decided += count
        self._reds = [red - count for red in self._reds if red > count]
        self._twice -= count
        self._findings = {red - count: findings for red, findings in self._findings.items() if red > count}

    def _confirm(self) -> None:
        """Gate the first undecided candidate once more, unless it has failed twice: then it is a culprit."""
        suspect = self._left[0]
        again = self._findings.get(1, ()) if self._twice == 1 else ()
        again = again or self._red((*self.good, suspect), again=self._twice != 1)
        if not again:
            self.flaky += self._findings.get(1, ())
            self._accept(1)
            return
        self.culprits.append(Culprit(suspect, tuple(self.good), again))
        self._decide(1)
        self._reds, self._findings, self._twice = [], {}, 0
        self._leave(suspect)

    def _leave(self, culprit: str) -> None:
        """Leave out what needs a culprit, directly or not."""
        gone = {culprit}
        for candidate in self._left:
            if gone & set(self._needs.get(candidate, ())):
                gone.add(candidate)
                self.waiting[candidate] = culprit
        self._left = [candidate for candidate in self._left if candidate not in gone]
