"""Compute digests of a model as its author wrote it, and as older versions computed them.

A verdict that was made under another way of hashing is compared under its own: were it not, an upgrade would take
everything that is integrated for changed, revert it and have agents build it again (docs/decisions/026).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from phaseplan.plan.digest import without_defaults
from phaseplan.plan.model import PhasePlan

#: The way digests are made now; it stands among the ingredients under this name. Raise it when they are made otherwise.
NAME = "scheme"
CURRENT = "3"
#: Images were told apart by the id that an engine gives them, and models hashed as now.
IDS = "2"
#: Before ingredients had a scheme: models were hashed with all defaults of that day, which are these.
FIRST = "1"

_DAY_ONE: Mapping[str, Mapping[str, Any]] = {
    "Branch": {"depends_on": [], "brief": ""},
    "SharedFile": {"branches": [], "merge": "text", "check": None},
    "GeneratedFiles": {},
    "AgentProfile": {
        "command": [],
        "environment": {},
        "secrets": {},
        "network": "none",
        "cpus": 1.0,
        "memory": 2 << 30,
        "pids": 512,
        "timeout": 7200,
        "user": "1000:1000",
        "max_output": 500 << 20,
    },
}

Dump = Callable[[BaseModel], dict[str, Any]]


def of(inputs: Mapping[str, str]) -> str:
    """Say under which scheme ingredients were recorded."""
    return inputs.get(NAME, FIRST)


def readable(inputs: Mapping[str, str]) -> str:
    """Choose the scheme to compare recorded ingredients under: their own, where this Phaseplan knows it."""
    return of(inputs) if inputs and of(inputs) in (FIRST, IDS) else CURRENT


def by_id(scheme: str) -> bool:
    """Say whether a scheme tells images apart by an engine's id of them."""
    return scheme in (FIRST, IDS)


def dump(scheme: str) -> Dump:
    """Choose how a model becomes a value to be hashed."""
    return _first if scheme == FIRST else without_defaults


def whole(scheme: str, plan: PhasePlan) -> dict[str, Any]:
    """Return what an agent works from of the plan as a whole."""
    return {"history": plan.history} if scheme == FIRST else without_defaults(plan, include={"history"})


def _first(model: BaseModel) -> dict[str, Any]:
    """Dump a model as scheme 1 did: a key that was added later counts only where a plan sets it."""
    kind = next(base.__name__ for base in type(model).__mro__ if base.__name__ in _DAY_ONE)
    return {**_DAY_ONE[kind], **without_defaults(model)}
