"""Find branches whose verdict changed between two runs although none of their inputs did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from phaseplan.ledger.records import Deed, Night, Record, What
from phaseplan.ledger.run_history import DONE

_JUDGED = ("failed", "wave_gate")  # a conflict is somebody else's doing, and a person takes out as they please


class Flake(Record):
    """Two runs that judged the same commit, from the same inputs and base and by the same gates, differently."""

    branch: str
    first: str  # run
    was: What
    second: str  # the later run
    became: What
    why: str = ""  # why it was out in whichever run it was

    def __str__(self) -> str:
        reason = f": {self.why}" if self.why else ""
        return f"{self.branch} was {self.was} in {self.first} and {self.became} in {self.second}, same inputs{reason}"


def flaky(nights: Sequence[Night]) -> tuple[Flake, ...]:
    """List every change of a verdict that nothing explains, in the order of the nights.

    Compared are runs of one base and plan whose verdicts are about one commit and have one input key, workspace and
    gates: what an agent built anew, or a person pushed as a fix, is another input however alike all else is. A wave's
    gate judges a branch among others: there the others must be the same too, save those that only its absence blocks.

    :param nights: oldest first.
    """
    found: list[Flake] = []
    last: dict[tuple[str, ...], Night] = {}
    for night in nights:
        for branch, deed in night.deeds.items():
            if not deed.key or not _judged(deed):
                continue
            inputs = (branch, deed.commit, deed.key, deed.gates, deed.base, night.base, night.plan)
            before = last.get(inputs)
            last[inputs] = night
            if before is not None and _turned(before, night, branch):
                found.append(_flake(before, night, branch))
    return tuple(found)


def _judged(deed: Deed) -> bool:
    """Say whether a deed is a verdict on the branch itself."""
    return deed.what in DONE or (deed.what == "isolated" and deed.cause in _JUDGED)


def _turned(before: Night, after: Night, branch: str) -> bool:
    was, became = before.deeds[branch], after.deeds[branch]
    if (was.what in DONE) == (became.what in DONE):
        return False
    inside, outside = (before, after) if was.what in DONE else (after, before)
    return outside.deeds[branch].cause == "failed" or _same_company(inside, outside, branch)


def _same_company(inside: Night, outside: Night, branch: str) -> bool:
    """Say whether the others that were merged are the same commits in both runs."""
    others: Iterable[str] = (inside.deeds.keys() | outside.deeds.keys()) - {branch}
    return all(_alike(inside.deeds.get(b), outside.deeds.get(b)) for b in others)


def _alike(inside: Deed | None, outside: Deed | None) -> bool:
    if inside is None or outside is None:
        return False
    if inside.what in DONE and outside.what == "blocked":
        return True
    same = (inside.what in DONE) == (outside.what in DONE)
    return same and (inside.what not in DONE or inside.commit == outside.commit)


def _flake(before: Night, after: Night, branch: str) -> Flake:
    was, became = before.deeds[branch], after.deeds[branch]
    why = became.why if became.what == "isolated" else was.why if was.what == "isolated" else ""
    return Flake(branch=branch, first=before.run, was=was.what, second=after.run, became=became.what, why=why)
