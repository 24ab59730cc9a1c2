"""Check every engine that a run may use, before any agent is paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from phaseplan.config.engines import placed
from phaseplan.containers.engine_errors import EngineUnreachable, ImageMissing
from phaseplan.containers.engines.fleet import Fleet, Place
from phaseplan.containers.identity import engine_of
from phaseplan.containers.images.identity import image_identity
from phaseplan.errors import InputFault, Lasting
from phaseplan.phase.preflight import Ahead, check_engine
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.engines import Engines, queue_of


def check_engines(fleet: Fleet, ahead: Ahead, images: tuple[str, str], say: Callable[[str], None]) -> None:
    """Look whether containers of every profile can be made wherever its agents may be, and are the same everywhere.

    Engines of queues are seen by their workers only, and by `phaseplan doctor` there.

    :param images: of the collector and of gateways.
    :raises ImageMissing, CommandMissing, NetworkMissing: they cannot, until a person acts.
    :raises EngineUnreachable: a profile has no engine that answers.
    :raises InputFault: one name means two images, or no engine fits a profile.
    """
    fit = {name: placed(fleet.entries, name, profile) for name, profile in ahead.profiles.items()}
    if not fleet.entries:
        assert fleet.own is not None
        check_engine(fleet.own, ahead, *images)
        return
    places = list(fleet.places(say))
    _check_reached(fit, places)
    own = engine_of(fleet.own).id if fleet.own else ""
    for place in places:
        # A branch's gates run where it is built, those of a wave on the worker's own engine.
        gates = _gates(ahead) if place.engine.id == own else ahead.plan.gates.profile
        profiles = {n: p for n, p in ahead.profiles.items() if place.name in fit[n] or n == gates}
        try:
            check_engine(place.client, replace(ahead, profiles=profiles), *images)
        except Lasting as error:
            error.args = (f"engine {place}: {error}",)
            raise
    for words in two_images(places, ahead.profiles, fit):
        raise InputFault(words)


def two_images(
    places: list[Place], profiles: Mapping[str, AgentProfile], fit: Mapping[str, Mapping[str, object]]
) -> Iterator[str]:
    """Yield a sentence for each name that means two images on engines where agents of its profile may be.

    The worker's own engine counts if it has one of that name: `open_phase` compares verdicts by what is there.
    """
    for image in sorted({profile.image for profile in profiles.values()}):
        users = [name for name, profile in profiles.items() if profile.image == image]
        fits = [place for place in places if not place.name or any(place.name in fit[user] for user in users)]
        found = [(place, identity) for place in fits if (identity := _identity(place, image))]
        for place, identity in found[1:]:
            if identity != found[0][1]:
                yield (
                    f"image {image} means {found[0][1][:19]} on engine {found[0][0]}, and {identity[:19]} on engine "
                    f"{place}: pull or build the same one on both, or give them two names"
                )


def _identity(place: Place, image: str) -> str | None:
    """Return which image a name means on an engine; None where that has none, of which others speak."""
    try:
        return image_identity(place.client, image)
    except ImageMissing:
        return None


def _gates(ahead: Ahead) -> str | None:
    """Return the profile whose image gates a wave, on the worker's own engine."""
    return ahead.plan.gates.profile or ahead.agent or ahead.plan.agent or next(iter(ahead.profiles), None)


def _check_reached(fit: Mapping[str, Mapping[str, object]], places: list[Place]) -> None:
    names = {place.name for place in places}
    for name, entries in fit.items():
        if not names & entries.keys() and not _own(entries):
            raise EngineUnreachable(f"agent profile {name}: none of its engines answers: {', '.join(entries)}")


def _own(entries: Mapping[str, object]) -> bool:
    return any(getattr(entry, "queue", None) for entry in entries.values())


def check_queues(entries: Engines, ahead: Ahead, profiles: Mapping[str, AgentProfile]) -> None:
    """Look whether the profile that a run names for all branches may be where their tasks are.

    :param profiles: all that are known.
    :raises InputFault: a task is in the queue of its plan's profile, whatever the run asks for.
    """
    if ahead.agent is None or ahead.agent not in profiles:
        return
    wanted = queue_of(entries, profiles[ahead.agent])
    for branch in ahead.branches:
        own = profiles.get(ahead.plan.profile_of(ahead.plan.by_id[branch]) or "")
        if own is not None and queue_of(entries, own) != wanted:
            raise InputFault(
                f"agent profile {ahead.agent} is for workers of queue {wanted or 'default'}, and the task of {branch} "
                f"is in queue {queue_of(entries, own) or 'default'}, by its plan: name the profile in the plan instead"
            )
