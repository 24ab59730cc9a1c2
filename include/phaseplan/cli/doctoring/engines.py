"""Look at the Docker engine: whether it answers, whether it may be used, and whether it has the images."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from docker import DockerClient

from phaseplan.cli.doctoring.clocks import apart
from phaseplan.cli.doctoring.disks import room
from phaseplan.cli.doctoring.lines import Line, broken, faulty, looked, ok
from phaseplan.cli.doctoring.plans import used_profiles
from phaseplan.config.settings import PREFIX, settings
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ImageMissing, engine_errors
from phaseplan.containers.probe import check_profile
from phaseplan.errors import Infrastructure
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.presets import PRESETS

_AREA = "engine"


def engines() -> Iterator[Line]:
    """Look at the engine of the setting `docker_url`."""
    url = settings().docker_url
    try:
        client = engine.connect(url)
    except Infrastructure as error:
        yield broken(_AREA, f"{url}: {error}", f"start it, let this user use it, or set {PREFIX}DOCKER_URL")
        return
    try:
        with engine_errors():
            facts = client.info()
        yield _name(url, facts)
        yield from apart("engine", datetime.now(UTC), datetime.fromisoformat(facts["SystemTime"]))
        yield from _disk(url, facts)
        yield from _ours(client)
        for name, profile in sorted(used_profiles().items()):
            yield from looked("engine", partial(_profile, client, name, profile))
    finally:
        client.close()


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
