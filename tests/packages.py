"""Packages that some tests need and nothing of ours has: in a folder beside .venv, made on first use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from provision.common import TOP, digest


def installed(requirements: Path, name: str) -> Path:
    """The folder of the packages that a file names, installed as an operator would."""
    folder = TOP / ".phaseplan" / name
    stamp = folder / "made-from"
    if not stamp.is_file() or stamp.read_text() != digest([requirements]):
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--upgrade", "--target", str(folder)]
        subprocess.run([*command, "-r", str(requirements)], check=True)
        stamp.write_text(digest([requirements]))
    return folder
