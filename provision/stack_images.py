"""Make the stack's images: Airflow with Phaseplan in it, PostgreSQL, and Redis, all from Debian's packages."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from provision.base import ensure_base
from provision.common import TOP, ProvisionError, digest, locked, output, say
from provision.environment import VENV
from provision.images import Build, build
from provision.packages import portable

PACKAGES = TOP / ".phaseplan" / "stack-packages"  # where the Dockerfile looks for them
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
            builds += [all_.submit(build, _airflow(airflow, uid), packages)]
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


def packages() -> None:
    """Install outside what the image holds, so that its build neither asks an index nor waits for pip.

    Where that fails, the build installs it itself. uv takes seconds for it, and builds of the classic builder cannot
    share what they downloaded.
    """
    made_from, stamp = digest([*_REQUIREMENTS, _LOCK]), PACKAGES / "made-from"
    if stamp.is_file() and stamp.read_text() == made_from:
        return
    shutil.rmtree(PACKAGES, ignore_errors=True)
    python = next((p for p in (str(VENV / "bin/python"), sys.executable) if _fits(p)), None)
    if python is None:
        say(f"no Python {_PYTHON[0]}.{_PYTHON[1]} with uv here: the image's build installs its packages itself")
        return
    say("installing the stack's Python packages")
    wanted = ("--only-binary=:all:", *(word for path in _REQUIREMENTS for word in ("-r", str(path))), "-c", str(_LOCK))
    try:
        portable(python, str(PACKAGES), *wanted)
    except ProvisionError as fault:
        shutil.rmtree(PACKAGES, ignore_errors=True)
        say(f"that failed; the image's build asks the package index itself ({str(fault)[-300:]})")
        return
    stamp.write_text(made_from)


def _fits(python: str) -> bool:
    """Say whether it chooses packages that fit the image."""
    code = f"import sys, uv; sys.exit(sys.version_info[:2] != {_PYTHON})"
    return output(python, "-c", code) is not None
