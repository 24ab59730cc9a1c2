"""An agent's image with our wheel in it, as a team makes one that plans are written in."""

from __future__ import annotations

import compileall
import importlib.util
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import docker

#: What the verbs for plans import beside the package itself; Airflow is not among it.
NEEDS = (
    "annotated_types", "dotenv", "pathspec", "pydantic", "pydantic_core", "pydantic_settings", "rich",
    "typing_extensions", "typing_inspection", "yaml",
)  # fmt: skip
_SITE = "/usr/local/lib/phaseplan-wheel"
_PROGRAM = f'#!/bin/sh\nPYTHONPATH={_SITE} exec python3 -P -m phaseplan.cli.main "$@"\n'


def unpack(wheel: Path, folder: Path) -> Path:
    """Unpack the wheel and what it needs, compiled as an installer leaves it; the folder that Python finds them in."""
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    compileall.compile_dir(site, quiet=2)
    for name in NEEDS:
        found = importlib.util.find_spec(name)
        assert found is not None and found.origin is not None
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, site / name)
        else:
            shutil.copy2(origin, site / origin.name)
    return site


def run(site: Path, *words: str) -> None:
    """Run `phaseplan` of the unpacked wheel on this machine."""
    command = [sys.executable, "-P", "-m", "phaseplan.cli.main", *words]
    subprocess.run(command, env={"PYTHONPATH": str(site), "HOME": str(site.parent)}, check=True, capture_output=True)


def build(client: docker.DockerClient, agent: str, site: Path, tag: str) -> None:
    """Add the unpacked wheel to an agent's image."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        _add(tar, "Dockerfile", f"FROM {agent}\nCOPY site {_SITE}\nCOPY phaseplan /usr/local/bin/phaseplan\n", 0o644)
        _add(tar, "phaseplan", _PROGRAM, 0o755)
        tar.add(site, "site")
    context.seek(0)
    client.images.build(fileobj=context, custom_context=True, tag=tag, network_mode="none", rm=True)


def _add(tar: tarfile.TarFile, name: str, text: str, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(text.encode()), mode
    tar.addfile(member, io.BytesIO(text.encode()))
