"""`phaseplan images`: list the images that an engine needs, and build them where no registry of yours has them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.sources.engines import every_engine
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.plan.presets import PRESETS
from phaseplan.text.program import PROGRAM
from phaseplan.text.shown import one_line, plain

if TYPE_CHECKING:
    from docker import DockerClient

HELP = "list the images that engines need besides your own, and build those that are missing"
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
        "The engines are that of the setting docker_url and those of the engines file. Bases are pulled; settings name "
        "the images, so a name of your own registry can be built, and pushed with docker push. Exit code 2 where an "
        "engine does not answer."
    )


def run(args: argparse.Namespace) -> int:
    """List or build.

    :raises InputFault: there is no image of a name.
    """
    known = {image.name: image for image in _images()}
    if unknown := [name for name in args.names if name not in known]:
        raise InputFault(f"no image {unknown[0]!r}; there are: {', '.join(known)}")
    silent: list[str] = []
    with every_engine(silent.append) as clients:
        if args.action == "list":
            code = _list(clients, [known[name] for name in args.names] or list(known.values()))
        else:
            code = _build(clients, args.names, known)
    return 2 if told_silent(silent) else code


def told_silent(silent: Sequence[str]) -> bool:
    """Print which engines do not answer, and say whether there are any."""
    for words in silent:
        print(f"Left out: {plain(words)}")
    return bool(silent)


def _build(clients: Mapping[str, DockerClient], names: Sequence[str], known: Mapping[str, _Image]) -> int:
    """Build on each engine what is named, else what is needed and missing there."""
    built = 0
    for engine, client in clients.items():
        for name in names or [name for name in _NEEDED if short_id(client, known[name].image) is None]:
            build_named(client, name, engine)
            built += 1
    if not built and clients:
        print(f"Nothing to build: {' and '.join(known[name].image for name in _NEEDED)} are there.")
    return 0


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


def _list(clients: Mapping[str, DockerClient], images: list[_Image]) -> int:
    """Print one line an image; return 1 where one is missing that every engine needs."""
    ids = {each.name: [short_id(client, each.image) for client in clients.values()] for each in images}
    rows = [(each.name, each.image, each.needed_by, *(i or "missing" for i in ids[each.name])) for each in images]
    print_table(("name", "image", "needed by", *(f"on {name or 'the engine'}" for name in clients)), *rows)
    missing = [name for name in _NEEDED if None in ids.get(name, ())]
    if missing:
        print(f"\nNext: {PROGRAM} images build {' '.join(missing)}")
    return 1 if missing else 0


def print_table(*rows: Sequence[str]) -> None:
    """Print rows in columns; the first row names them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def build_named(client: DockerClient, name: str, engine: str = "") -> None:
    """Build one of our images, and print what the engine says.

    :param engine: its name, where there are several.
    """
    from phaseplan.containers.images.build import build

    (wanted,) = (image for image in _images() if image.name == name)
    where = f" on engine {engine}" if engine else ""
    print(f"Building {wanted.image}{where}: the first time takes some minutes.", flush=True)
    build(client, wanted.context, wanted.image, lambda line: print(one_line(line), flush=True))
    print(f"Built {wanted.image}{where}.")
