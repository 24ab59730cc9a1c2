"""Say which image a name means, so that it is the same on every engine that has the same image (decision 043)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import docker

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.containers.images.build import OURS

#: A step that does not say what it put into the image: BuildKit leaves out the digest that the older builder writes.
_UNTOLD = re.compile(r"\s*(?:/bin/sh -c #\(nop\) )?(?:COPY|ADD)\b(?!.*\b(?:file|dir|multi):[0-9a-f]{32,})", re.DOTALL)
_CHANGES = ("Hostname", "Image", "Domainname")  # of a configuration: the older builder's last container, and its image


def image_identity(client: docker.DockerClient, image: str) -> str:
    """Return what an image is: its digest in a registry, else what it was made by.

    :raises ImageMissing: the engine has none of that name.
    """
    with engine_errors():
        try:
            facts = client.api.inspect_image(image)
            steps = client.api.history(image)
        except docker.errors.ImageNotFound as error:
            raise docker.errors.ImageNotFound(f"No such image: {image}") from error
    return identity(facts, steps)


def identity(facts: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> str:
    """Compute the identity from what an engine says of an image.

    An image that was pulled, or pushed, has a registry's digest. One that was built has configuration and steps, which
    two engines that built the same Dockerfile share; ids of layers they do not, because files have dates. The layers
    count too where a step does not say what it put in.
    """
    registered = sorted(str(name).partition("@")[2] for name in facts.get("RepoDigests") or ())
    if registered:
        return registered[0]
    config = {key: value for key, value in (facts.get("Config") or {}).items() if key not in _CHANGES}
    if OURS in (config.get("Labels") or {}):  # says what the image is called, which is not what it is
        config["Labels"] = {key: value for key, value in config["Labels"].items() if key != OURS} or None
    commands = [str(step.get("CreatedBy") or "") for step in steps]
    commands = [command for command in commands if f"LABEL {OURS}=" not in command]
    layers_count = not commands or not all(command and not _UNTOLD.match(command) for command in commands)
    layers = (facts.get("RootFS") or {}).get("Layers") if layers_count else None
    made = [facts.get("Os"), facts.get("Architecture"), config, commands, layers]
    return "made:" + sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
