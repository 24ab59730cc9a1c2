"""Find the default places of the user's files: beside the DAG file that this process has loaded, else in the checkout
this code runs from, else under Airflow's home.

Never inside the installed package: an upgrade replaces that.
"""

from __future__ import annotations

import os
from pathlib import Path

_DEEPEST = 9  # variables whose values name variables
_MARKS = ("plans", "agents.yaml")  # in `include/`, of a project of ours
_loaded: dict[str, Path] = {}  # the project of the DAG file that this process has loaded, once there is one


def checkout() -> Path | None:
    """Return the folder of the checkout this code runs from; None if it is installed."""
    top = Path(__file__).resolve().parents[3]
    return top if (top / "include/phaseplan").is_dir() and (top / "dags").is_dir() else None


def code() -> Path:
    """Return the folder that `phaseplan` is imported from: what PYTHONPATH of another process needs."""
    return Path(__file__).resolve().parents[2]


def images() -> Path:
    """Return the folder that our images are built from: the checkout's, else the one that comes with the package."""
    top = checkout()
    return top / "images" if top else code() / "phaseplan/images"


def skill() -> Path:
    """Return the folder of the skill for coding agents: the checkout's, else the one that comes with the package."""
    top = checkout()
    return (top or code() / "phaseplan") / "skills/phaseplan"


def filled_in(value: str) -> str:
    """Return a value with `$NAME` and `~` filled in, also in what was filled in, as Airflow does.

    A variable that names itself has no end: Airflow hangs there, this stops.
    """
    for _ in range(_DEEPEST):
        value = os.path.expanduser(os.path.expandvars(value))  # noqa: PTH111  a value is no path
    return value


def airflow_home() -> Path:
    """Return Airflow's home, as Airflow itself finds it."""
    return Path(filled_in(os.environ.get("AIRFLOW_HOME") or "~/airflow"))


def airflow_cfg() -> Path:
    """Return the file of settings that Airflow itself reads."""
    named = os.environ.get("AIRFLOW_CONFIG")
    return Path(filled_in(named)) if named else airflow_home() / "airflow.cfg"


def work_beside(file: str | None) -> None:
    """Take what is in `include/` beside a DAG file, or beside its folder, for what this process works with.

    A bundle with versions is a folder for each of them, from which Airflow loads the DAG file of the version that a run
    began with.
    """
    folder = Path(file).resolve().parent if file else None
    for project in (folder, folder.parent) if folder else ():
        if any((project / "include" / mark).exists() for mark in _MARKS):
            _loaded["project"] = project
            return


def of(name: str) -> Path:
    """Return where a file or folder that users edit is: `include/NAME`, beside `dags/`."""
    return (_loaded.get("project") or checkout() or airflow_home()) / "include" / name


def existing(name: str) -> Path | None:
    """Return the same place if it exists, else None."""
    path = of(name)
    return path if path.exists() else None


def state() -> Path:
    """Return the folder for what may be lost at any time: one that the user of this process may write.

    Where a checkout, or the folder in Airflow's home, belongs to another user, it is the next of these.
    """
    home = airflow_home()
    top = checkout()
    places = [*([top / ".phaseplan"] if top else []), home / "phaseplan", home / f"phaseplan-{os.geteuid()}"]
    return next((place for place in places if _writable(place)), home / "phaseplan")


def _writable(folder: Path) -> bool:
    """Say whether this user may write a folder, or make it."""
    there = next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
    return os.access(there, os.W_OK | os.X_OK)
