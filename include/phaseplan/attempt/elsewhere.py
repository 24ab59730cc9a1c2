"""Keep one attempt on one engine: what runs on an engine that cannot be asked from here is never begun twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from phaseplan.attempt import publish
from phaseplan.attempt.harvest import of_nothing
from phaseplan.attempt.job import View
from phaseplan.attempt.ready import look
from phaseplan.containers.engine_errors import EngineUnreachable
from phaseplan.containers.engines.fleet import Place
from phaseplan.containers.identity import engine_of
from phaseplan.ledger.records import moment
from phaseplan.ledger.snapshot import Claim


class EngineElsewhere(EngineUnreachable):
    """An attempt is on another engine than that of this worker, so only a worker there can tell how it fares."""


def only_here(view: View) -> View:
    """Look whether every attempt of a branch that has no verdict is on an engine that can be asked from here.

    One on an engine that is gone is closed as `unfinished`: by a person's word (`phaseplan engines forget`), or because
    its agent's time limit has been over for longer than the setting `engine_absence`.

    :return: the view, on the engine of the branch's own attempt, else of its newest; read again where one was closed.
    :raises EngineElsewhere: one is on an engine that a worker there may yet ask.
    """
    begun = dict(_open(view))
    if not begun:
        return view
    unreached: list[str] = []
    reached = view.job.fleet.by_id(unreached.append)
    here = engine_of(view.job.client)
    away = {n: claim for n, claim in begun.items() if claim.engine != here.id and claim.engine not in reached}
    for number, claim in away.items():
        if (why := _gone(view, claim)) is None:
            raise EngineElsewhere(". ".join([_words(view, number, claim, _asked(str(here), reached)), *unreached]))
        reason = f"its engine on {claim.machine} ({claim.engine}) is gone: {why}"
        view.job.say(f"Attempt {number} is closed as unfinished: {reason}.")
        publish.over(view, number, claim.claim, of_nothing(view, number), "unfinished", reason)
    return _there(look(view.job) if away else view, {n: c for n, c in begun.items() if n not in away}, reached)


def _there(view: View, begun: dict[int, Claim], reached: dict[str, Place]) -> View:
    """Go to the engine of the attempt that this claim has begun last, else of the newest one."""
    if not begun or not reached:
        return view
    own = [number for number, claim in begun.items() if claim.claim == view.job.claim]
    place = reached.get(begun[max(own or begun)].engine)
    return replace(view, job=view.job.on(place)) if place else view


def _asked(here: str, reached: dict[str, Place]) -> str:
    """Say which engines can be asked."""
    others = ", ".join(str(place) for place in reached.values() if place.name)
    return f"{here}; of the engines file {others} answer" if others else here


def _open(view: View) -> Iterator[tuple[int, Claim]]:
    """Yield the attempts whose agents may be at work: started on a known engine, with nothing kept and no verdict."""
    judged = {verdict.attempt for verdict in view.verdicts}
    kept = view.snapshot.attempts.get(view.branch.id, {})
    for number, claim in view.snapshot.started.get(view.branch.id, {}).items():
        if claim.engine and number not in judged and number not in kept:
            yield number, claim


def _until(view: View, claim: Claim) -> datetime:
    """Return when an attempt on an engine that cannot be asked counts as lost."""
    return moment(claim.time) + timedelta(seconds=view.profile.timeout + view.job.here.engine_absence)


def _gone(view: View, claim: Claim) -> str | None:
    """Say why an engine is gone; None where it is not."""
    if claim.engine in view.snapshot.gone:
        return "a person has declared it gone"
    if datetime.now(UTC) > (until := _until(view, claim)):
        return f"its agent's time limit was over, and nothing was heard of it until {until:%Y-%m-%d %H:%M} UTC"
    return None


def _words(view: View, number: int, claim: Claim, here: str) -> str:
    until = f"{_until(view, claim):%Y-%m-%d %H:%M} UTC"
    return (
        f"the agent of {view.branch.id}, attempt {number}, runs on the engine of {claim.machine} ({claim.engine}), "
        f"which cannot be asked from here: this worker's engine is {here}. No second agent is started. A try on a "
        f"worker there goes on with it; from {until} on it counts as lost. If that engine is gone for good: "
        f"phaseplan engines forget {view.plan.phase} {claim.engine}"
    )
