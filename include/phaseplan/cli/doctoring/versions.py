"""Look at the versions of what Phaseplan works with."""

from __future__ import annotations

import platform
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from phaseplan.cli.doctoring.lines import Line, broken, ok
from phaseplan.config.place import checkout

_AREA = "versions"
_PYTHON = (3, 11)
_GIT = (2, 36)  # the first with `fetch --refetch`, which a damaged cache needs


def versions() -> Iterator[Line]:
    """Look at Python, git, and at every package whose range Phaseplan states."""
    yield from _python()
    yield from _git()
    wrong = list(_packages())
    yield from wrong
    if not wrong:
        yield ok(_AREA, f"Airflow {version('apache-airflow')} and all other packages are within their ranges")


def _python() -> Iterator[Line]:
    number = platform.python_version()
    if sys.version_info < _PYTHON:
        yield broken(_AREA, f"Python {number} is older than 3.11", "run Airflow with Python 3.11 or newer")
    else:
        yield ok(_AREA, f"Python {number}")


def _git() -> Iterator[Line]:
    try:
        answer = subprocess.run(["git", "version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        yield broken(_AREA, "there is no program `git` on PATH", "install git in every component of Airflow")
        return
    number = answer.stdout.split()[2]
    if tuple(int(part) for part in number.split(".")[:2] if part.isdigit()) < _GIT:
        wanted = ".".join(map(str, _GIT))
        yield broken(_AREA, f"git {number} is older than {wanted}", f"install git {wanted} or newer")
    else:
        yield ok(_AREA, f"git {number}")


def _packages() -> Iterator[Line]:
    """Say which packages are missing, or outside the range that this version of Phaseplan states."""
    for requirement in _stated():
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            yield broken(_AREA, f"{requirement.name} is not installed", f"pip install '{requirement}'")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            words = f"{requirement.name} {installed} is outside {requirement.specifier}"
            yield broken(_AREA, words, f"pip install '{requirement}'")


def _stated() -> list[Requirement]:
    """Return what the installed package asks for; in a checkout, what its `pyproject.toml` says."""
    top = checkout()
    if top is not None:
        stated = tomllib.loads((top / "pyproject.toml").read_text())["project"]["dependencies"]
    else:
        stated = requires("phaseplan") or []
    return [Requirement(text) for text in stated]
