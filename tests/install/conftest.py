"""A wheel of this checkout, and a Python that it is installed in."""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from provision.common import TOP


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is left in the checkout."""
    source, out = tmp_path_factory.mktemp("source") / "phaseplan", tmp_path_factory.mktemp("wheel")
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TOP / name, source / name)
    shutil.copytree(TOP / "include", source / "include", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOP / "images", source / "images", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOP / "skills", source / "skills")
    (source / "docs").mkdir()
    shutil.copy(TOP / "docs/plan.schema.json", source / "docs")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, and what the wheel needs from the environment of the tests."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / "bin/python"
    (folder,) = place.glob("lib/python*/site-packages")
    (folder / "needs.pth").write_text("\n".join(p for p in site.getsitepackages() if "site-packages" in p) + "\n")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    return python
