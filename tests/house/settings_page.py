"""Make `docs/settings.md` from the Settings model: `python -m tests.house.settings_page > docs/settings.md`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from phaseplan.config import settings
from phaseplan.config.settings import PREFIX, Settings

_HEAD = """\
# Settings

Where things are on this installation, and how operators behave. A setting is read from the first place that has it:

1. the environment variable named below,
2. its key in section `[phaseplan]` of `airflow.cfg` (`$AIRFLOW_CONFIG`, else `$AIRFLOW_HOME/airflow.cfg`),
3. its default.

An empty value is not set. A value that a key cannot have is refused in one sentence that names the key, the section,
the value and, where it came from one, the variable. Every component reads for itself, so set the same everywhere.

The file is read as Airflow reads its own sections: a single `%` is written `%%`, `$NAME` and `~` are filled in. Other
than in those, a comment may follow a value on its line, after a blank and `#` or `;`.

`include/` is the folder beside `dags/` in a checkout, and in Airflow's home where Phaseplan is installed as a package.

| key | variable | value | default | meaning |
|---|---|---|---|---|
"""
#: Defaults that are found on the machine, in words.
FOUND = {
    "docker_url": "`DOCKER_HOST`, else `unix:///var/run/docker.sock`",
    "plans": "`include/plans`",
    "agents": "`include/agents.yaml`",
    "notifiers": "`include/notifiers.yaml`, if there is one",
    "approvers": "`include/approvers.yaml`, if there is one",
    "engines": "`include/engines.yaml`, if there is one",
    "state": "`.phaseplan` of a checkout, else `phaseplan` in Airflow's home: the first that this user may write",
}
_KINDS = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Path: "path"}
_KINDS |= {settings.Proxy: "address", settings.Server: "address"}
_ALIASES = {  # what a type of settings.py takes
    "_size": "size: `500m`, `5g`",
    "_whole": "whole number above 0",
    "_zone": "name of a zone",
}


def kind(field: FieldInfo) -> str:
    """Describe the form of a value."""
    for mark in field.metadata:
        name = getattr(getattr(mark, "func", None), "__name__", "")
        if name in _ALIASES:
            return _ALIASES[name]
    options = [t for t in (get_args(field.annotation) or (field.annotation,)) if t is not NoneType]
    if get_origin(field.annotation) is Literal or get_origin(options[0]) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(options[0]))
    return _KINDS[options[0]]


def default(name: str, field: FieldInfo) -> str:
    """Describe the value of a key that is not set."""
    if field.default_factory is not None:
        return FOUND[name]
    return "none" if field.default is None else f"`{_shown(field.default, kind(field))}`"


def _shown(value: Any, of: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if of.startswith("size"):
        unit = next(u for u, n in sorted(settings._UNITS.items(), key=lambda u: -u[1]) if value % n == 0)
        return f"{value // settings._UNITS[unit]}{unit}"
    return str(value)


def markdown() -> str:
    """Write the page."""
    rows = (
        f"| `{name}` | `{PREFIX}{name.upper()}` | {kind(field)} | {default(name, field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )
    return _HEAD + "".join(rows) + _TAIL


_TAIL = """
A password in the address of a repository is handed to git and written down nowhere; a credential helper of git's does
without one. Which repository counts when several are named: `--repository`, `repository_override`, the plan's
`repository:`, `repository`, and last what `./phaseplan run` worked on.

This page is made by `python -m tests.house.settings_page`, and a test holds it to the model in
`include/phaseplan/config/settings.py`.
"""

if __name__ == "__main__":
    sys.stdout.write(markdown())
