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
    """Say whether an image declares a volume at the workspace: another image made from it would lack those files.

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
    """Return the id of the image that holds a checkout; create the image if there is none.

    :param spec: of a container for one command; its labels and marks say whose image it is, and find it again.
    """
    if image_ids := images(client, spec.labels, spec.marks):
        return image_ids[0]
    bare = replace(
        spec, environment={}, entrypoint=("true",), command=(), mounted=False, own_pid1=False, network="none"
    )
    container_id = engine.create(client, bare)
    try:
        copy_in(client, container_id, checkout, more=pid1)
        with engine_errors():
            return str(client.api.commit(container_id)["Id"])
    finally:
        engine.remove(client, container_id)


def images(client: docker.DockerClient, labels: Labels, marks: Mapping[str, str]) -> list[str]:
    """List ids of the temporary images that carry these labels and marks."""
    values = {**labels.as_dict(), **{f"phaseplan.{key}": value for key, value in marks.items()}}
    with engine_errors():
        listed = client.api.images(filters={"label": [f"{key}={value}" for key, value in values.items()]})
    return [str(image["Id"]) for image in listed]


def remove_aside(client: docker.DockerClient, image_ids: Sequence[str]) -> None:
    """Remove images in a background thread: an engine may take seconds. A later start removes what is left."""

    def remove() -> None:
        with suppress(Exception):
            _remove(client, image_ids)

    if image_ids:
        threading.Thread(target=remove, name="remove-checkout", daemon=True).start()


def discard(
    client: docker.DockerClient, concerns: Callable[[str], bool] = lambda _: True, **label_values: str | int
) -> None:
    """Remove temporary images that a dead worker has left; one that is in use stays for later.

    :param concerns: says whether the image of a branch (or of a wave, by its name in labels) may be removed.
    :param values: labels (keys of `Labels`).
    """
    with engine_errors():
        listed = client.api.images(filters={"label": ["phaseplan.gating", *filters(**label_values)]})
        _remove(client, [str(i["Id"]) for i in listed if concerns(str(i["Labels"].get("phaseplan.branch")))])


def _remove(client: docker.DockerClient, image_ids: Sequence[str]) -> None:
    for image in image_ids:
        try:  # without `noprune` the engine may take a profile's image along that has no name
            client.api.remove_image(image, force=True, noprune=True)
        except docker.errors.APIError as error:
            if error.status_code not in {404, 409}:
                raise
