"""Packages that some tests need and nothing of ours has: in a folder beside .venv, made on first use."""

from __future__ import annotations

import sys
from pathlib import Path

from provision.common import TOP, digest
from provision.packages import install_packages


def installed(requirements: Path, name: str) -> Path:
    """The folder of the packages that a file names, installed as an operator would."""
    folder = TOP / ".phaseplan" / name
    stamp = folder / "made-from"
    if not stamp.is_file() or stamp.read_text() != digest([requirements]):
        install_packages(sys.executable, "--no-deps", "--upgrade", "--target", str(folder), "-r", str(requirements))
        stamp.write_text(digest([requirements]))
    return folder
