"""Choose the engine of a new attempt among those that its profile may be on: the more room, the likelier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from phaseplan.attempt.job import Job, View
from phaseplan.config.engines import placed
from phaseplan.containers.engine import look
from phaseplan.containers.engine_errors import EngineUnreachable
from phaseplan.containers.engines.room import EngineFull, Need, has_place, held, room
from phaseplan.containers.engines.spread import spread
from phaseplan.containers.gateways.gateway import remove_agent
from phaseplan.plan.engines import EngineEntry


def chosen(view: View) -> View:
    """Return the view on the engine where an attempt that begins now is to be; unchanged without an engines file.

    :raises EngineUnreachable: none of those that fit answers.
    :raises InputFault: none fits.
    """
    fit = _fit(view)
    if not fit:
        return view
    jobs: dict[str, Job] = {}
    rooms: dict[str, int] = {}
    silent = []
    for name, entry in fit.items():
        try:
            job = view.job.on(view.job.fleet.place(name))
            rooms[name], jobs[name] = room(entry, held(job.client), _need(view)), job
        except EngineUnreachable as error:
            silent.append(str(error))
            view.job.say(f"Left out: {error}")
    if not jobs:
        raise EngineUnreachable(f"no engine for {view.branch.id}: {'; '.join(silent)}")
    return replace(view, job=jobs[spread(rooms, f"{view.plan.phase}/{view.branch.id}")])


def check_room(view: View, *, claimed: bool = False) -> None:
    """Look whether an agent may begin on the view's engine now.

    :param claimed: its attempt has its number, and so its engine.
    :raises EngineFull: others have to end first.
    """
    entry = _fit(view).get(view.job.engine)
    if entry is not None and not room(entry, held(view.job.client), _need(view)):
        raise _full(view, {view.job.engine: entry} if claimed else _fit(view))


def check_place(view: View, container: str) -> None:
    """Remove an agent that is made and not started, if another has taken the room meanwhile.

    :raises EngineFull: it was removed; its attempt begins when others have ended.
    """
    entry = _fit(view).get(view.job.engine)
    if entry is not None and not has_place(entry, held(view.job.client), container, _need(view)):
        remove_agent(view.job.client, look(view.job.client, container))
        raise _full(view, {view.job.engine: entry})


def _fit(view: View) -> Mapping[str, EngineEntry]:
    return placed(view.job.fleet.entries, view.profile_name, view.profile)


def _need(view: View) -> Need:
    return Need(view.profile.cpus, view.profile.memory)


def _full(view: View, waited: Mapping[str, EngineEntry]) -> EngineFull:
    names = " and ".join(f"{name} ({entry.agents} agents)" for name, entry in waited.items())
    message = f"{view.branch.id} waits for room on {names}: agents there have to end first"
    return EngineFull(message, list(waited), _need(view))
