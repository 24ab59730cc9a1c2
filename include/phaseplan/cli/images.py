"""`phaseplan images`: list the images that an engine needs, and build them where no registry of yours has them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.plan.presets import PRESETS
from phaseplan.text.shown import one_line

if TYPE_CHECKING:
    from docker import DockerClient

HELP = "list the images an engine needs besides your own, and build those that are missing"
_NEEDED = {"collector": "every branch", "gateway": "agents behind a gateway"}


@dataclass(frozen=True)
class _Image:
    """Name an image of ours, and what needs it."""

    name: str
    image: str
    needed_by: str

    @property
    def context(self) -> Mapping[str, Path]:
        """Return what it is built from."""
        from phaseplan.containers.images.build import context_of, context_of_own

        return context_of_own(self.name) if self.name in _NEEDED else context_of(self.name)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `images`."""
    parser.add_argument("action", choices=("list", "build"), nargs="?", default="list")
    parser.add_argument("names", metavar="NAME", nargs="*", help="build: these, even if they are there; default: all "
                        "that every installation needs and that are missing")  # fmt: skip
    parser.epilog = (
        "The engine is that of the setting docker_url. Bases are pulled; settings name the images, so a name of your "
        "own registry can be built, and pushed with docker push."
    )


def run(args: argparse.Namespace) -> int:
    """List or build.

    :raises InputFault: there is no image of a name.
    """
    from phaseplan.containers.engine import connect

    known = {image.name: image for image in _images()}
    if unknown := [name for name in args.names if name not in known]:
        raise InputFault(f"no image {unknown[0]!r}; there are: {', '.join(known)}")
    client = connect(settings().docker_url)
    try:
        if args.action == "list":
            return _list(client, [known[name] for name in args.names] or list(known.values()))
        wanted = args.names or [name for name in _NEEDED if short_id(client, known[name].image) is None]
        for name in wanted:
            build_named(client, name)
        if not wanted:
            print(f"Nothing to build: {' and '.join(known[name].image for name in _NEEDED)} are there.")
        return 0
    finally:
        client.close()


def _images() -> list[_Image]:
    named = {"collector": settings().collector_image, "gateway": settings().gateway_image}
    agents = [_Image(p.name, p.image, f"profiles with use: {p.name}") for p in PRESETS.values()]
    return [*(_Image(name, named[name], needed_by) for name, needed_by in _NEEDED.items()), *agents]


def short_id(client: DockerClient, image: str) -> str | None:
    """Return the beginning of an image's id; None where the engine does not have it."""
    from phaseplan.containers.engine import image_digest
    from phaseplan.containers.engine_errors import ImageMissing

    try:
        return image_digest(client, image).removeprefix("sha256:")[:12]
    except ImageMissing:
        return None


def _list(client: DockerClient, images: list[_Image]) -> int:
    """Print one line an image; return 1 where one is missing that every installation needs."""
    ids = {each.name: short_id(client, each.image) for each in images}
    rows = [(each.name, each.image, each.needed_by, ids[each.name] or "missing") for each in images]
    print_table(("name", "image", "needed by", "on the engine"), *rows)
    missing = [name for name in _NEEDED if name in ids and ids[name] is None]
    if missing:
        print(f"\nNext: phaseplan images build {' '.join(missing)}")
    return 1 if missing else 0


def print_table(*rows: Sequence[str]) -> None:
    """Print rows in columns; the first row names them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def build_named(client: DockerClient, name: str) -> None:
    """Build one of our images, and print what the engine says."""
    from phaseplan.containers.images.build import build

    (wanted,) = (image for image in _images() if image.name == name)
    print(f"Building {wanted.image}: the first time takes some minutes.", flush=True)
    build(client, wanted.context, wanted.image, lambda line: print(one_line(line), flush=True))
    print(f"Built {wanted.image}.")
