"""Make the stack's images: Airflow with Phaseplan in it, and PostgreSQL, both from Debian's packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from provision.base import ensure_base
from provision.common import STATE, TOP, digest, locked, output, say
from provision.environment import VENV
from provision.images import Build, build

WHEELS = TOP / ".phaseplan" / "wheels"  # where the Dockerfile looks for them
_PYTHON = (3, 11)  # bookworm's
_REQUIREMENTS = (TOP / "requirements.txt", TOP / "constraints.txt")


def ensure(airflow: str, postgres: str, uid: int) -> None:
    """Have both images on the engine, under these names.

    :param uid: who owns the secrets on this machine, so that the images' user may read them.
    """
    with locked("images"):
        ensure_base()
        with ThreadPoolExecutor() as both:  # one unpacks packages while the other compiles
            builds = [both.submit(build, _postgres(postgres, uid)), both.submit(build, _airflow(airflow, uid), wheels)]
        for one in builds:
            one.result()


def _postgres(image: str, uid: int) -> Build:
    return replace(Build.of(image, TOP / "images/postgres"), options=_user(uid))


def _airflow(image: str, uid: int) -> Build:
    folders = (*(TOP / "include").iterdir(), *(TOP / name for name in ("dags", "plugins", "images/airflow")))
    files = (*(TOP / name for name in ("Dockerfile", ".dockerignore", "phaseplan")), *_REQUIREMENTS)
    # Plans are mounted, so that a new plan is no new image.
    inputs = tuple(path for path in sorted((*folders, *files)) if path.name not in ("plans", "__pycache__"))
    return Build(image, TOP, inputs, _user(uid))


def _user(uid: int) -> tuple[str, ...]:
    return ("--build-arg", f"PHASEPLAN_UID={uid}")


def wheels() -> None:
    """Download what the image installs, so that its build needs no index; where that fails, the build asks one."""
    made_from, stamp = digest(_REQUIREMENTS), STATE / "wheels"
    if WHEELS.is_dir() and stamp.is_file() and stamp.read_text() == made_from:
        return
    shutil.rmtree(WHEELS, ignore_errors=True)
    python = next((p for p in (str(VENV / "bin/python"), sys.executable) if _fits(p)), None)
    if python is None:
        say(f"no Python {_PYTHON[0]}.{_PYTHON[1]} with pip here: the image's build asks the package index itself")
        return
    say("downloading the stack's Python packages")
    wanted = ("-r", str(_REQUIREMENTS[0]), "-c", str(_REQUIREMENTS[1]))
    command = (python, "-m", "pip", "download", "-q", "--only-binary=:all:", "-d", str(WHEELS), *wanted)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(WHEELS, ignore_errors=True)
        say(f"that failed; the image's build asks the package index itself ({done.stderr.strip()[-300:]})")
        return
    STATE.mkdir(parents=True, exist_ok=True)
    stamp.write_text(made_from)


def _fits(python: str) -> bool:
    """Say whether its pip chooses wheels that fit the image."""
    code = f"import pip, sys; sys.exit(sys.version_info[:2] != {_PYTHON})"
    return output(python, "-c", code) is not None
