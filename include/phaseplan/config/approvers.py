"""Read the approvers file: which Airflow users have a role that plans name. Airflow itself asks users only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from phaseplan.config.settings import settings
from phaseplan.errors import InputFault

_LIKE = "write ROLE: [ann, {id: '3', name: Bob}]"


@dataclass(frozen=True)
class Approver:
    """Hold one Airflow user: the id by which its auth manager knows it, and a name for people."""

    id: str
    name: str


def approvers(who: Iterable[str]) -> tuple[Approver, ...]:
    """Return the users that a plan's `who` means, each once: those of a role, else the user of that id.

    :raises InputFault: the approvers file cannot be read, or a role is empty.
    """
    names = tuple(who)
    roles = _roles(settings().approvers) if names else {}
    found = (user for name in names for user in roles.get(name, (Approver(name, name),)))
    return tuple({user.id: user for user in found}.values())


def _roles(path: Path | None) -> Mapping[str, tuple[Approver, ...]]:
    if path is None:
        return {}
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputFault(f"{path}: the approvers file cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(written, dict):
        raise InputFault(f"{path}: the approvers file holds no roles: {_LIKE}")
    return {str(role): _users(path, str(role), users) for role, users in written.items()}


def _users(path: Path, role: str, users: Any) -> tuple[Approver, ...]:
    if not isinstance(users, list) or not users:
        raise InputFault(f"{path}: role {role} has no list of users: {_LIKE}")
    return tuple(_user(path, role, user) for user in users)


def _user(path: Path, role: str, user: Any) -> Approver:
    if isinstance(user, (str, int)) and not isinstance(user, bool):
        return Approver(str(user), str(user))
    if isinstance(user, dict) and "id" in user and user.keys() <= {"id", "name"}:
        return Approver(str(user["id"]), str(user.get("name", user["id"])))
    raise InputFault(f"{path}: role {role} has a user that is none: {_LIKE}")
