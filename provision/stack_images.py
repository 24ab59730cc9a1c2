"""Make the stack's images: Airflow with Phaseplan in it, PostgreSQL, and Redis, all from Debian's packages."""

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
_REQUIREMENTS = (TOP / "requirements.txt", TOP / "requirements-stack.txt")
_LOCK = TOP / "constraints.txt"


def ensure(airflow: str, postgres: str, broker: str | None, uid: int) -> None:
    """Have the images on the engine, under these names.

    :param broker: the queue of Celery workers; None: there are none.
    :param uid: who owns the secrets on this machine, so that the images' user may read them.
    """
    with locked("images"):
        ensure_base()
        with ThreadPoolExecutor() as all_:  # one unpacks packages while the other compiles
            builds = [all_.submit(build, _service(postgres, "postgres", uid))]
            builds += [all_.submit(build, _service(broker, "broker", uid))] if broker else []
            builds += [all_.submit(build, _airflow(airflow, uid), wheels)]
        for one in builds:
            one.result()


def _service(image: str, folder: str, uid: int) -> Build:
    return replace(Build.of(image, TOP / "images" / folder), options=_user(uid))


def _airflow(image: str, uid: int) -> Build:
    folders = (*(TOP / "include").iterdir(), *(TOP / name for name in ("dags", "plugins", "images/airflow")))
    files = (*(TOP / name for name in ("Dockerfile", ".dockerignore", "phaseplan")), *_REQUIREMENTS, _LOCK)
    # Plans are mounted, so that a new plan is no new image.
    inputs = tuple(path for path in sorted((*folders, *files)) if path.name not in ("plans", "__pycache__"))
    return Build(image, TOP, inputs, _user(uid))


def _user(uid: int) -> tuple[str, ...]:
    return ("--build-arg", f"PHASEPLAN_UID={uid}")


def wheels() -> None:
    """Download what the image installs, so that its build needs no index; where that fails, the build asks one."""
    made_from, stamp = digest([*_REQUIREMENTS, _LOCK]), STATE / "wheels"
    if WHEELS.is_dir() and stamp.is_file() and stamp.read_text() == made_from:
        return
    shutil.rmtree(WHEELS, ignore_errors=True)
    python = next((p for p in (str(VENV / "bin/python"), sys.executable) if _fits(p)), None)
    if python is None:
        say(f"no Python {_PYTHON[0]}.{_PYTHON[1]} with pip here: the image's build asks the package index itself")
        return
    say("downloading the stack's Python packages")
    wanted = (*(word for path in _REQUIREMENTS for word in ("-r", str(path))), "-c", str(_LOCK))
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
