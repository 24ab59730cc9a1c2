"""Decide when the provider of an agent profile may be asked again after it failed: the pause of a profile. Pure.

A pause belongs to one profile within one phase (docs/decisions/039). An attempt that is *let in* while it stands asks
the provider for all others: it is the probe, and how it ends moves the pause on or ends it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import field_validator

from phaseplan.errors import Infrastructure
from phaseplan.ledger.records import Record, changed, moment, stamp
from phaseplan.text.shown import plain

FIRST, SLOWEST = 60.0, 600.0  # seconds between two probes, doubling
SOONEST, LONGEST = 10.0, 6 * 3600.0  # bounds of what a provider asks for
LAST = 15.0  # seconds by which the branch that found the trouble comes later: another's word is worth more
_PROBES = 20  # that are remembered
_SAYS = re.compile(r"(?:infrastructure, no attempt is consumed: )?profile .* is paused since \d\d:\d\d UTC")

#: What the end of an attempt says of its provider: it answered; it refused the key or was away, as a gateway saw it;
#: an agent without a gateway says that it was away. Empty: nothing.
Proof = Literal["", "answered", "refused", "away", "said"]


class Pause(Record):
    """Hold why no agent of a profile asks its provider, since when, and when one may again."""

    version: Literal[1] = 1
    profile: str
    run: str  # that found it, or was the last to ask
    branch: str  # whose attempt found it
    attempt: int
    reason: str
    since: str
    next: str  # when the provider may be asked again
    tries: int = 0  # how often it was asked in vain since
    probes: tuple[str, ...] = ()  # `<branch>/<attempt>`: those that were let in
    told: str = ""  # run in which people were told
    doubted: tuple[str, ...] = ()  # branches of this run that found what the next branch did not meet
    ended: str | None = None

    @field_validator("reason")
    @classmethod
    def _on_one_line(cls, value: str) -> str:
        return " ".join(plain(value).split())[:600]

    def sentence(self, *, over: bool = False) -> str:
        """Say why and until when the profile is paused.

        :param over: no task asks again by itself.
        """
        more = "" if over else f"; next try {_clock(self.next)}"
        return f"profile {self.profile} is paused since {_clock(self.since)}: {self.reason}{more}"

    def farewell(self) -> str:
        """Say that the profile goes on."""
        span = f"paused from {_clock(self.since)} to {_clock(self.ended or self.next)}"
        return f"profile {self.profile} goes on: its provider answers again ({span})"

    def seconds(self, branch: str, when: datetime) -> float:
        """Return how long a branch has to wait for its next try."""
        left = (moment(self.next) - when).total_seconds()
        return max(1.0, left + (LAST if branch == self.branch else 0.0))


class Paused(Infrastructure):
    """The profile of a branch is paused: its provider is not asked now."""

    def __init__(self, pause: Pause, branch: str) -> None:
        super().__init__(pause.sentence())
        self.seconds = pause.seconds(branch, datetime.now(UTC))


@dataclass(frozen=True)
class Ended:
    """Describe the end of an attempt as far as it tells of a provider.

    :param claimed: when its number was claimed.
    :param retry_after: seconds for which the provider asked to wait.
    :param alone: no other branch of the profile is still to be built.
    :param confirmed: the newest attempt of another branch said the same.
    """

    profile: str
    run: str
    branch: str
    attempt: int
    proof: Proof
    claimed: str = ""
    reason: str = ""
    retry_after: float | None = None
    alone: bool = False
    confirmed: bool = False

    @property
    def key(self) -> str:
        """Return the name by which a pause knows the attempt."""
        return f"{self.branch}/{self.attempt}"


def says_paused(text: str) -> bool:
    """Say whether a message is that of `Paused`, as a task's log has it."""
    return _SAYS.match(text) is not None


def stands(pause: Pause | None) -> bool:
    """Say whether there is a pause that has not ended."""
    return pause is not None and pause.ended is None


def let_in(pause: Pause, run: str, key: str, when: datetime, *, forced: bool = False) -> Pause | None:
    """Return the pause with one attempt let in, which asks for all others; None: it has to wait.

    The first try of another run comes at once: what it should build, people have seen to since.

    :param forced: a person wants it now.
    """
    fresh = pause.run != run
    if not (forced or fresh or when >= moment(pause.next)):
        return None
    tries, doubted = (0, ()) if fresh else (pause.tries, pause.doubted)
    probes = (*pause.probes, key)[-_PROBES:]
    return changed(pause, run=run, tries=tries, doubted=doubted, probes=probes, next=_later(when, _wait(tries + 1)))


def after(old: Pause | None, ended: Ended, when: datetime) -> Pause | None:
    """Return the pause as the end of an attempt leaves it; None: it changes nothing."""
    probe = old is not None and ended.key in old.probes
    if old is not None and old.ended is None:
        if not probe or not ended.proof:
            return None  # it began before the pause, or says nothing
        return _over(old, ended, when) if ended.proof == "answered" else _in_vain(old, ended, when)
    if ended.proof in ("", "answered") or not _counts(old, ended):
        return None
    return Pause(
        profile=ended.profile,
        run=ended.run,
        branch=ended.branch,
        attempt=ended.attempt,
        reason=ended.reason,
        since=stamp(when),
        next=_later(when, _wait(0, ended.retry_after)),
        told=ended.run,
        doubted=old.doubted if old is not None and old.run == ended.run else (),
    )


def told_anew(old: Pause | None, new: Pause) -> bool:
    """Say whether people have to hear of a pause: once in a run."""
    return new.ended is None and (old is None or old.ended is not None or old.told != new.told)


def _counts(old: Pause | None, ended: Ended) -> bool:
    """Say whether an attempt's word is enough to pause its profile for all."""
    if ended.proof == "said" and not (ended.confirmed or ended.alone):
        return False  # any program can exit with a code
    if old is None or old.ended is None:
        return True
    if ended.proof == "refused" and ended.claimed and moment(ended.claimed) <= moment(old.ended):
        return False  # it had the key of before
    return ended.alone or old.run != ended.run or ended.branch not in old.doubted


def _over(old: Pause, ended: Ended, when: datetime) -> Pause:
    refuted = old.tries == 0 and ended.branch != old.branch
    return changed(old, ended=stamp(when), doubted=(*old.doubted, old.branch) if refuted else old.doubted)


def _in_vain(old: Pause, ended: Ended, when: datetime) -> Pause:
    tries = old.tries + 1
    next_ = _later(when, _wait(tries, ended.retry_after))
    return changed(old, run=ended.run, tries=tries, reason=ended.reason, next=next_, told=ended.run)


def _wait(tries: int, asked: float | None = None) -> float:
    """Return the seconds until the next probe: as the provider asks, and more each time that it fails all the same."""
    backoff = min(FIRST * 2.0 ** min(tries, 10), SLOWEST)
    if asked is None:
        return backoff
    return max(min(asked, LONGEST), backoff if tries else SOONEST)


def _later(when: datetime, seconds: float) -> str:
    return stamp(when + timedelta(seconds=seconds))


def _clock(time: str) -> str:
    return f"{moment(time).astimezone(UTC):%H:%M} UTC"
