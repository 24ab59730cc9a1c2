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
    """Gates a merge of some candidates and says what is red; nothing: it is green."""

    def __call__(self, chosen: tuple[str, ...], *, again: bool = False) -> tuple[Finding, ...]:
        """
        :param again: gate once more what was gated before, instead of remembering what came of it.
        """
        ...


@dataclass(frozen=True)
class Culprit:
    """A candidate with which the merge is red, twice, and without which it is green."""

    id: str
    without: tuple[str, ...]  # the green merge, to which it was added
    findings: tuple[Finding, ...]  # of the red one


class Search:
    """Takes culprits out of a red merge until what is left is green.

    The nothing at all (`red(())`) is known to be green and the whole to be red twice; whoever starts a search has
    seen both. Every other answer is tested. A red that does not repeat is flaky and counts as green.

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
        self._said: dict[int, tuple[Finding, ...]] = {}  # what a red merge of that many said

    @property
    def suspects(self) -> tuple[str, ...]:
        """Candidates of whom nothing is known yet."""
        return tuple(self._left)

    def run(self) -> None:
        """Go on until everyone is decided; `good` is then green as a whole."""
        while self._left:
            if self._reds and self._reds[-1] == 1:
                self._confirm()
            else:
                self._try(self._next())

    def _next(self) -> int:
        """How many to add next: as many as are all good about every second time, at most half of a red group."""
        most = self._reds[-1] // 2 if self._reds else len(self._left)
        share = (len(self.culprits) + 1) / (self._decided + _PRIOR)
        return 1 if share > _MANY else max(1, min(most, round(0.7 / share)))

    def _try(self, count: int) -> None:
        findings = self._red((*self.good, *self._left[:count]))
        if not findings:
            self._accept(count)
            return
        self._reds.append(count)
        self._said[count] = findings

    def _accept(self, count: int) -> None:
        """The first `count` are green on top of what is."""
        self.good += self._left[:count]
        self._decide(count)

    def _decide(self, count: int) -> None:
        del self._left[:count]
        self._decided += count
        self._reds = [red - count for red in self._reds if red > count]
        self._twice -= count
        self._said = {red - count: said for red, said in self._said.items() if red > count}

    def _confirm(self) -> None:
        """The first one left made a green merge red. Once more, unless that was seen twice."""
        suspect = self._left[0]
        again = self._said.get(1, ()) if self._twice == 1 else ()
        again = again or self._red((*self.good, suspect), again=self._twice != 1)
        if not again:
            self.flaky += self._said.get(1, ())
            self._accept(1)
            return
        self.culprits.append(Culprit(suspect, tuple(self.good), again))
        self._decide(1)
        self._reds, self._said, self._twice = [], {}, 0
        self._leave(suspect)

    def _leave(self, culprit: str) -> None:
        """What needs a culprit, directly or not, cannot be merged either."""
        gone = {culprit}
        for candidate in self._left:
            if gone & set(self._needs.get(candidate, ())):
                gone.add(candidate)
                self.waiting[candidate] = culprit
        self._left = [candidate for candidate in self._left if candidate not in gone]
