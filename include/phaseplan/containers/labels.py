"""Define the labels by which containers and their volumes are found again (docs/design/container.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

Role = Literal["agent", "collector", "gate", "gateway"]
_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
_KEYS = ("ledger", "phase", "branch", "attempt", "claim", "role")


@dataclass(frozen=True)
class Labels:
    """Identify a container's owner: `ledger` is the random id of the phase's ledger, `claim` one claim on a branch."""

    ledger: str
    phase: int
    branch: str  # a branch id, or what integration calls itself
    attempt: int
    claim: str
    role: Role

    def as_dict(self) -> dict[str, str]:
        """Return the labels as Docker stores them."""
        return {f"phaseplan.{key}": str(getattr(self, key)) for key in _KEYS}

    @classmethod
    def from_dict(cls, labels: Mapping[str, str]) -> Labels:
        """Read a container's labels.

        :raises ValueError: they are not ours.
        """
        values = {key: labels.get(f"phaseplan.{key}", "") for key in _KEYS}
        role: Role | None = next((name for name in get_args(Role) if name == values["role"]), None)
        if role is None or not all(_NUMBER.fullmatch(values[key]) for key in ("phase", "attempt")):
            raise ValueError(f"not the labels of a Phaseplan container: {dict(labels)!r}")
        return cls(
            values["ledger"], int(values["phase"]), values["branch"], int(values["attempt"]), values["claim"], role
        )

    def playing(self, role: Role) -> Labels:
        """Return the same labels with another role."""
        return replace(self, role=role)


def filters(**values: str | int) -> list[str]:
    """Make Docker label filters; keys are those of `Labels`.

    :raises KeyError: there is no such label.
    """
    for key in values:
        if key not in _KEYS:
            raise KeyError(f"no label named {key!r}")
    return ["phaseplan.ledger", *(f"phaseplan.{key}={value}" for key, value in values.items())]
