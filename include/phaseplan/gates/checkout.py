"""Store one commit as a temporary image, so that each gate command starts from a fresh copy of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import docker
import docker.errors

from phaseplan.containers import engine
from phaseplan.containers.copy_in import Checkout, copy_in
from phaseplan.containers.engine_errors import ImageMissing, engine_errors
from phaseplan.containers.labels import Labels, filters


def holds_no_checkout(client: docker.DockerClient, image: str) -> bool:
    """Whether an image declares a volume at the workspace, of which the engine would keep nothing in another image.

    :raises ImageMissing: the engine has none of that name.
    """
    with engine_errors():
        try:
            config = client.api.inspect_image(image)["Config"] or {}
        except docker.errors.ImageNotFound:
            raise ImageMissing(image) from None
    inside = f"{engine.WORKSPACE}/"
    declared = [f"{volume.rstrip('/')}/" for volume in config.get("Volumes") or {}]
    return any(inside.startswith(volume) or volume.startswith(inside) for volume in declared)


def image_of(client: docker.DockerClient, spec: engine.Spec, checkout: Checkout, pid1: bytes) -> str:
    """The id of the image that holds a checkout, made where there is none.

    :param spec: of a container for one command; its labels and marks say whose image it is, and find it again.
    """
    if found := images(client, spec.labels, spec.marks):
        return found[0]
    bare = replace(spec, environment={}, entrypoint=("true",), command=(), mounted=False, own_pid1=False)
    made = engine.create(client, bare)
    try:
        copy_in(client, made, checkout, more=pid1)
        with engine_errors():
            return str(client.api.commit(made)["Id"])
    finally:
        engine.remove(client, made)


def images(client: docker.DockerClient, labels: Labels, marks: Mapping[str, str]) -> list[str]:
    """Ids of the throw-away images that carry these labels and marks."""
    wanted = {**labels.as_dict(), **{f"phaseplan.{key}": value for key, value in marks.items()}}
    with engine_errors():
        found = client.api.images(filters={"label": [f"{key}={value}" for key, value in wanted.items()]})
    return [str(image["Id"]) for image in found]


def remove_aside(client: docker.DockerClient, found: Sequence[str]) -> None:
    """Remove images out of anybody's way: an engine may take seconds. What is not done, a later start does."""

    def away() -> None:
        with suppress(Exception):
            _remove(client, found)

    if found:
        threading.Thread(target=away, name="remove-checkout", daemon=True).start()


def discard(client: docker.DockerClient, concerns: Callable[[str], bool] = lambda _: True, **wanted: str | int) -> None:
    """Remove throw-away images that a dead worker has left; one that is in use stays for later.

    :param concerns: whether the image of a branch (or of what a wave calls itself) may go.
    :param wanted: labels (keys of `Labels`).
    """
    with engine_errors():
        found = client.api.images(filters={"label": ["phaseplan.gating", *filters(**wanted)]})
        _remove(client, [str(i["Id"]) for i in found if concerns(str(i["Labels"].get("phaseplan.branch")))])


def _remove(client: docker.DockerClient, found: Sequence[str]) -> None:
    for image in found:
        try:  # without `noprune` the engine may take a profile's image along that has no name
            client.api.remove_image(image, force=True, noprune=True)
        except docker.errors.APIError as error:
            if error.status_code not in {404, 409}:
                raise
