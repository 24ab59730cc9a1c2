"""Look at the Docker engine: whether it answers, whether it may be used, and whether it has the images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from docker import DockerClient

from phaseplan.cli.doctoring.clocks import apart
from phaseplan.cli.doctoring.disks import room
from phaseplan.cli.doctoring.lines import Line, broken, faulty, looked, not_seen, ok
from phaseplan.cli.doctoring.plans import used_profiles
from phaseplan.config.engines import engines as configured
from phaseplan.config.engines import placed
from phaseplan.config.settings import PREFIX, settings
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ImageMissing, engine_errors
from phaseplan.containers.engines.fleet import Fleet
from phaseplan.containers.engines.room import held
from phaseplan.containers.probe import check_profile
from phaseplan.errors import Infrastructure
from phaseplan.phase.engines import two_images
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.engines import EngineEntry
from phaseplan.plan.presets import PRESETS

_AREA = "engine"


def engines() -> Iterator[Line]:
    """Look at the engine of the setting `docker_url`, and at those of the engines file."""
    url = settings().docker_url
    try:
        own = engine.connect(url)
    except Infrastructure as error:
        yield broken(_AREA, f"{url}: {error}", f"start it, let this user use it, or set {PREFIX}DOCKER_URL")
        own = None
    entries = configured()
    if own is None and not entries:
        return
    from phaseplan.airflow.operators.engines import fleet

    every = fleet(own)
    try:
        if own is not None:
            yield from _facts(url, own)
            yield from looked(_AREA, partial(_gates, own, {} if entries else used_profiles()))
        for name, entry in entries.items():
            yield from looked(_AREA, partial(_entry, every, name, entry))
        yield from looked(_AREA, partial(_images, every)) if entries else ()
    finally:
        every.close()
        if own is not None:
            own.close()


def _facts(url: str, client: DockerClient) -> Iterator[Line]:
    with engine_errors():
        facts = client.info()
    yield _name(url, facts)
    yield from apart("engine", datetime.now(UTC), datetime.fromisoformat(facts["SystemTime"]))
    yield from _disk(url, facts)


def _gates(client: DockerClient, profiles: Mapping[str, AgentProfile]) -> Iterator[Line]:
    """Look at the images that an engine needs, and at the profiles that agents there are of."""
    yield from _ours(client)
    for name, profile in sorted(profiles.items()):
        yield from looked("engine", partial(_profile, client, name, profile))


def _entry(every: Fleet, name: str, entry: EngineEntry) -> Iterator[Line]:
    """Look at an engine of the engines file, and at those profiles whose agents may be there."""
    if entry.queue:
        yield not_seen(_AREA, f"{name}: the own engines of workers of queue {entry.queue}", "run doctor in one of them")
        return
    try:
        place = every.place(name)
    except Infrastructure as error:
        words, _, step = str(error).partition(" Next: ")
        yield broken(_AREA, f"{name}: {words}", step or "start it, or mend its entry in the engines file")
        return
    yield from _facts(f"{name} ({entry.url})", place.client)
    alive = len(held(place.client))
    yield ok(_AREA, f"{name}: {alive} of at most {entry.agents} agents alive")
    yield from _gates(place.client, {n: p for n, p in used_profiles().items() if name in placed(every.entries, n, p)})


def _images(every: Fleet) -> Iterator[Line]:
    """Look whether every name of an image means the same wherever it is needed."""
    profiles = used_profiles()
    fit = {name: placed(every.entries, name, profile) for name, profile in profiles.items()}
    for words in two_images(list(every.places()), profiles, fit):
        what, _, step = words.partition(": pull or build")
        yield faulty(_AREA, what, f"pull or build{step}")


def _name(url: str, facts: dict[str, Any]) -> Line:
    size = f"{facts['NCPU']} processors, {facts['MemTotal'] / (1 << 30):.1f} GiB"
    return ok(_AREA, f"{url}: Docker {facts['ServerVersion']} on {facts['Name']}, {size}")


def _disk(url: str, facts: dict[str, Any]) -> Iterator[Line]:
    """Look at the engine's disk where it is this machine's."""
    folder = Path(facts.get("DockerRootDir") or "/")
    if url.startswith("unix://") and folder.is_dir():
        yield from room("engine's disk", folder)


def _ours(client: DockerClient) -> Iterator[Line]:
    """Look at the images that every installation needs."""
    needed = {"collector": settings().collector_image}
    if any(profile.gateway for profile in used_profiles().values()):
        needed["gateway"] = settings().gateway_image
    for name, image in needed.items():
        try:
            yield ok(_AREA, f"{name}: {image} ({engine.image_digest(client, image)[:19]})")
        except ImageMissing as error:
            yield broken(_AREA, str(error), f"phaseplan images build {name}")


def _profile(client: DockerClient, name: str, profile: AgentProfile) -> Iterator[Line]:
    """Look whether containers of a profile can be made."""
    try:
        check_profile(client, name, profile, 0)
    except ImageMissing as error:
        own = profile.use and profile.image == PRESETS[profile.use].image
        step = f"phaseplan agents build {profile.use}" if own else "pull or build it on the engine, or mend `image`"
        yield faulty(_AREA, f"agent profile {name}: {error}", step)
    else:
        yield ok(_AREA, f"agent profile {name}: {profile.image}")
