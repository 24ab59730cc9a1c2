"""Install Python packages by uv, in seconds where pip takes minutes; by pip where uv cannot reach what pip reaches."""

from __future__ import annotations

import os
import re
import subprocess

from provision.common import TOP, output, run, say

_REQUIREMENTS = TOP / "requirements-dev.txt"


def pinned() -> str:
    """Name uv as `pip install` takes it."""
    (found,) = re.findall(r"(?m)^uv==\S+", _REQUIREMENTS.read_text())
    return str(found)


def install_packages(python: str, *wanted: str, into: str = "") -> None:
    """Install into the environment of an interpreter, and compile what is installed.

    Left to the first import, each process would compile all of Airflow again where `PYTHONDONTWRITEBYTECODE` is set.

    :param python: an interpreter with pip.
    :param wanted: as both `pip install` and `uv pip install` take it.
    :param into: the interpreter of the environment, where that is another one.
    """
    into = into or python
    if not _by_uv(python, into, "--compile-bytecode", *wanted):
        _by_pip(python, into, *wanted)


def portable(python: str, folder: str, *wanted: str) -> None:
    """Make an environment that may be copied to where another interpreter of the same version compiles and runs it.

    :param python: an interpreter with uv.
    """
    run(python, "-m", "uv", "venv", "-q", "--no-config", "--relocatable", "--python", python, folder, quiet=True)
    into = f"{folder}/bin/python"
    if not _by_uv(python, into, *wanted):
        _by_pip(python, into, "--no-compile", *wanted)


def _by_pip(python: str, into: str, *wanted: str) -> None:
    run(python, "-m", "pip", "--python", into, "install", "-q", *wanted, quiet=True)


def _by_uv(python: str, into: str, *wanted: str) -> bool:
    """Say whether uv could do it. It reads no configuration of pip, so a package index that only pip knows is pip's."""
    if re.search(r"(?m)^(\w+|:env:)\.(index-url|no-index)=", output(python, "-m", "pip", "config", "list") or ""):
        return False
    if subprocess.run([python, "-m", "pip", "install", "-q", pinned()], capture_output=True).returncode:
        return False
    certificates = {"UV_SYSTEM_CERTS": "1"}
    if "PIP_CERT" in os.environ:
        certificates["SSL_CERT_FILE"] = os.environ["PIP_CERT"]
    command = [python, "-m", "uv", "pip", "install", "-q", "--no-config", "--python", into, *wanted]
    done = subprocess.run(command, capture_output=True, text=True, env=certificates | os.environ)
    if done.returncode:
        say(f"uv could not install it, so pip does, which takes some minutes ({done.stderr.strip()[-300:]})")
    return done.returncode == 0
