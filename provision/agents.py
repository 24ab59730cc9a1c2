"""Make the images of coding agents: their packages fetched by this machine's npm, else inside the build.

python3 -m provision.agents AGENT...   exit code 3: a package cannot be fetched from here
"""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from provision.base import ensure_base
from provision.common import TOP, ProvisionError, can_install, digest, finish, install, locked, output, run, say
from provision.images import image_id
from provision.packages import portable

_FOLDER = TOP / ".phaseplan" / "agents"
_PACKAGE = re.compile(r"^ARG PACKAGE=(\S+)$", re.MULTILINE)
_NO_PACKAGE = 3  # exit code
_BOOKWORM = (3, 11)  # Python of the images
_PYTHON = TOP / ".venv/bin/python"


class Unfetched(Exception):
    """A package cannot be fetched from here."""


def ensure(agents: list[str]) -> None:
    """Have the images of these agents on the engine; one that is built from the very same files is left alone."""
    with locked("agents"):
        ensure_base()
        for agent in agents:
            folder = TOP / "images/agents" / agent
            if not (folder / "Dockerfile").is_file():
                raise ProvisionError(f"no agent {agent!r}: images/agents has no folder of that name with a Dockerfile")
            _build(agent, folder)


def _build(agent: str, folder: Path) -> None:
    shared = [folder.parent / name for name in ("runner", "fetch")]
    content = digest([folder, *shared], image_id("debian:bookworm-slim") or "")
    mark = _FOLDER / f"{agent}.built"
    image = output(str(_PYTHON), "-c", f"from phaseplan.plan.presets import PRESETS; print(PRESETS[{agent!r}].image)")
    if image is None:
        raise ProvisionError("the Python environment is missing: run `make environment`")
    found = image_id(image)
    if found and mark.is_file() and mark.read_text() == f"{found} {content}":
        return
    _fetch(agent, (folder / "Dockerfile").read_text())
    say(f"building {image} (log only if it fails)")
    run(str(_PYTHON), "-m", "phaseplan.cli.main", "agents", "build", agent, quiet=True)
    mark.write_text(f"{image_id(image)} {content}")


def _fetch(agent: str, dockerfile: str) -> None:
    """Fetch the package to where the build finds it, if this machine has npm."""
    found = _PACKAGE.search(dockerfile)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    place, note = _FOLDER / f"{agent}.tgz", _FOLDER / f"{agent}.package"
    if found is None:
        raise ProvisionError(f"the Dockerfile of {agent} does not say `ARG PACKAGE=...`")
    if "==" in found[1]:
        _fetch_environment(agent, place)
        return
    if place.is_file() and note.is_file() and note.read_text() == found[1]:
        return
    if shutil.which("npm") is None:
        if not can_install():
            return  # the build has npm of its own
        install("npm", why="npm, which fetches the packages of agents, is missing")
    say(f"fetching {found[1]}")
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        try:
            run("npm", "pack", "--silent", "--pack-destination", folder, found[1], quiet=True)
        except ProvisionError as error:
            raise Unfetched(f"{found[1]} cannot be fetched from here: {error}") from error
        (made,) = Path(folder).glob("*.tgz")
        made.rename(place)
    note.write_text(found[1])


def _fetch_environment(agent: str, place: Path) -> None:
    """Fetch what an agent that is written in Python needs, if this machine's Python is that of its image."""
    requirements = TOP / "images/agents" / agent / "requirements.txt"
    wanted, note = digest([requirements]), _FOLDER / f"{agent}.package"
    if place.is_file() and note.is_file() and note.read_text() == wanted:
        return
    if sys.version_info[:2] != _BOOKWORM:
        return  # the build has pip of its own
    say(f"fetching the packages of {agent}: some hundred megabytes")
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        made = Path(folder) / "made"
        try:
            portable(str(_PYTHON), str(made), "--only-binary=:all:", "--no-deps", "-r", str(requirements))
        except ProvisionError as error:
            raise Unfetched(f"the packages of {agent} cannot be fetched from here: {error}") from error
        for own in (*made.glob("bin/python*"), *made.glob("bin/activate*")):
            own.unlink()
        packed = Path(folder) / "packages.tgz"
        with tarfile.open(packed, "w:gz", compresslevel=1) as archive:
            for part in ("bin", "lib"):
                archive.add(made / part, part)
        packed.rename(place)
    note.write_text(wanted)


def main(argv: list[str]) -> int:
    """Provide the images of the agents named, or of all."""
    try:
        ensure(argv or sorted(folder.parent.name for folder in (TOP / "images/agents").glob("*/Dockerfile")))
    except Unfetched as error:
        say(str(error))
        return _NO_PACKAGE
    return 0


if __name__ == "__main__":
    finish(main)
