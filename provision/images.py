"""Make the container images: the base pulled or bootstrapped, ours built when what is in them changed.

python3 -m provision.images [IMAGE]...   default: all
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from provision.base import BASE, ensure_base
from provision.common import TOP, ProvisionError, digest, finish, locked, output, run, say

#: Every image of ours, and the folder it is built from.
BUILDS = {
    "phaseplan/collector:2": "images/collector",
    "phaseplan/gateway:1": "images/gateway",
    "phaseplan/sample-go:1": "samples/kcp-lite",
    "phaseplan/sample-recipes:1": "samples/recipes",
}
_LABEL = "phaseplan.content"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def image_id(image: str) -> str | None:
    """Return the id of an image the engine has, or None."""
    return output("docker", "image", "inspect", "--format", "{{.Id}}", image)


def content_of(image: str) -> str | None:
    """Return the digest of the folder an image was built from, by its own label."""
    return output("docker", "image", "inspect", "--format", f'{{{{index .Config.Labels "{_LABEL}"}}}}', image)


@dataclass(frozen=True)
class Build:
    """Define how an image of ours is made."""

    image: str
    context: Path
    inputs: tuple[Path, ...]  # what it is made of, besides the base
    options: tuple[str, ...] = ()  # for `docker build`

    @classmethod
    def of(cls, image: str, folder: Path) -> Build:
        """Build from a folder of its own."""
        if not (folder / "Dockerfile").is_file():
            raise ProvisionError(f"{image} is built from {folder.relative_to(TOP)}, which has no Dockerfile")
        return cls(image, folder, (folder,))

    @property
    def content(self) -> str:
        """Digest of all it is made of."""
        return digest(self.inputs, image_id(BASE) or "", *self.options)


def build(wanted: Build, prepare: Callable[[], None] = lambda: None) -> None:
    """Build one image unless it was built from these very files on this very base.

    :param prepare: brings what the build needs besides; only called when there is something to build.
    """
    image, content = wanted.image, wanted.content
    if content_of(image) == content:
        return
    prepare()
    say(f"building {image} from {wanted.context.relative_to(TOP)} (log only if it fails)")
    before = image_id(image)
    args = [word for name in _PROXIES if name in os.environ for word in ("--build-arg", name)]
    # The classic builder: Debian's docker.io has no other, and it never asks a registry for a base that is here.
    env = {**os.environ, "DOCKER_BUILDKIT": "0"}
    label = ("--label", f"{_LABEL}={content}", "--tag", image)
    run("docker", "build", "--force-rm", *label, *wanted.options, *args, str(wanted.context), quiet=True, env=env)
    if before and before != image_id(image):
        output("docker", "image", "rm", before)  # unused now, unless a container still uses it


def ensure(images: Sequence[str]) -> None:
    """Have the base image and these images of ours on the engine."""
    unknown = [name for name in images if name not in BUILDS]
    if unknown:
        raise ProvisionError(f"no such image: {', '.join(unknown)}. There are: {', '.join(BUILDS)}")
    with locked("images"):
        ensure_base()
        for image in images:
            build(Build.of(image, TOP / BUILDS[image]))


def main(argv: list[str]) -> int:
    """Provide the images named, or all."""
    if shutil.which("docker") is None or output("docker", "version", timeout=15) is None:
        raise ProvisionError("no Docker engine answers: run this through `make images`, which provides one")
    ensure(argv or list(BUILDS))
    return 0


if __name__ == "__main__":
    finish(main)
