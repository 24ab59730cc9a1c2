"""List what dead tasks and old attempts have left on an engine, and remove it. What runs is never part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import docker
import docker.errors

from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ContainerGone, engine_errors
from phaseplan.containers.gateways.gateway import close_found
from phaseplan.containers.images.build import OURS
from phaseplan.containers.labels import Labels
from phaseplan.containers.network import PAIR
from phaseplan.ledger.records import moment

Kind = Literal["container", "volume", "network", "image"]
#: Says whether what has these labels is done with; None: it belongs to another installation, or its phase is open.
Done = Callable[[Labels], bool | None]
_LABEL = "phaseplan.ledger"
_TAKEN = (403, 409)  # a network that a container is in; anything else that is in use


@dataclass(frozen=True)
class Leftover:
    """Hold one thing on the engine that nothing needs.

    :param labels: whose it was; None for an image of ours without a name.
    :param size: bytes, where the engine says so at once.
    """

    kind: Kind
    id: str
    name: str
    since: datetime
    labels: Labels | None = None
    size: int = 0


def leftovers(client: docker.DockerClient, done: Done) -> Iterator[Leftover]:
    """Yield what is of no use any more.

    That is: containers that do not run, of attempts that have a verdict; volumes that no container has, some of which
    hold work that was kept for a person; networks of gateways that are gone; checkouts of gates; and images of ours
    whose name a newer build has taken.
    """
    with engine_errors():
        containers = client.api.containers(all=True, filters={"label": _LABEL})
        for entry in containers:
            if entry["State"] in ("exited", "created", "dead") and (labels := _own(entry, done)):
                name = str(entry["Names"][0]).lstrip("/")
                yield Leftover("container", str(entry["Id"]), name, _moment(entry["Created"]), labels)
        for entry in client.api.volumes(filters={"label": _LABEL, "dangling": "true"})["Volumes"] or ():
            if labels := _own(entry, done):
                yield Leftover("volume", str(entry["Name"]), str(entry["Name"]), _moment(entry["CreatedAt"]), labels)
        pairs = {(entry["Labels"] or {}).get(f"phaseplan.{PAIR}") for entry in containers}
        for entry in client.api.networks(filters={"label": _LABEL}):
            if entry["Labels"].get(f"phaseplan.{PAIR}") not in pairs and (labels := _own(entry, done)):
                yield Leftover("network", str(entry["Id"]), str(entry["Name"]), _moment(entry["Created"]), labels)
        yield from _images(client, done)


def _images(client: docker.DockerClient, done: Done) -> Iterator[Leftover]:
    for entry in client.api.images(filters={"label": "phaseplan.gating"}):
        if labels := _own(entry, done):
            yield Leftover("image", str(entry["Id"]), "", _moment(entry["Created"]), labels, int(entry["Size"]))
    for entry in client.api.images(filters={"label": OURS, "dangling": True}):
        if all(str(name).startswith("<none>") for name in entry.get("RepoDigests") or ()):
            name = str(entry["Labels"][OURS])
            yield Leftover("image", str(entry["Id"]), name, _moment(entry["Created"]), None, int(entry["Size"]))


def _own(entry: Mapping[str, Any], done: Done) -> Labels | None:
    """Return the labels of what is ours and done with."""
    try:
        labels = Labels.from_dict(entry.get("Labels") or {})
    except ValueError:
        return None
    return labels if done(labels) else None


def _moment(value: str | float) -> datetime:
    """Read a time of the engine: seconds of the epoch, or RFC 3339 with as many digits as it likes."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    when = moment(value)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def discard(client: docker.DockerClient, one: Leftover) -> bool:
    """Remove a leftover; return False if it is in use by now."""
    with engine_errors():
        try:
            if one.kind == "container":
                return _container(client, one)
            if one.kind == "volume":
                client.api.remove_volume(one.id)
            elif one.kind == "network":
                client.api.remove_network(one.id)
            else:  # without `noprune` a checkout would take its profile's image along, if that has no name
                client.api.remove_image(one.id, noprune=one.labels is not None)
        except docker.errors.NotFound:
            return True
        except docker.errors.APIError as error:
            if error.status_code not in _TAKEN:
                raise
            return False
    return True


def _container(client: docker.DockerClient, one: Leftover) -> bool:
    """Remove a container that still does not run; the volume of a collector is its agent's."""
    try:
        found = engine.look(client, one.id)
    except ContainerGone:
        return True
    if found.status == "running":
        return False
    if found.labels.role == "gateway":
        close_found(client, found)
    else:
        engine.remove(client, found.id, keep_volume=found.labels.role == "collector")
    return True
