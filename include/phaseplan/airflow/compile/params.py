"""Make the trigger form of a phase from `RunRequest`: each of its fields refuses a bad value."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from airflow.sdk import Param

from phaseplan.plan.model import DEPENDENCIES, PhasePlan
from phaseplan.plan.run_request import RunRequest


def form(plan: PhasePlan, profiles: Collection[str], start: str) -> dict[str, Param]:
    """Make the parameters of a run; `./phaseplan run --set key=value` sets exactly these.

    :param start: the default start mode.
    """
    schemas = _schemas()
    of_plan = {
        "base": {"default": plan.base_name, "description": _base(plan, schemas["base"]["description"])},
        "start": {"default": start},
        "branches": _branches(plan),
        "isolate": _branches(plan),
        "agent": _agent(profiles),
    }
    return {name: Param(**{**schema, **of_plan.get(name, {})}) for name, schema in schemas.items()}


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    """Return the fields as JSON Schema; made once a process, because Airflow parses every plan again and again."""
    found: dict[str, dict[str, Any]] = RunRequest.model_json_schema()["properties"]
    return found


def _base(plan: PhasePlan, text: str) -> str:
    """Write the text of the field; for a phase that depends on others also what that base is."""
    return (
        f"{text}; `{DEPENDENCIES}`: what the phases it depends on have integrated." if plan.depends_on else f"{text}."
    )


def _branches(plan: PhasePlan) -> dict[str, Any]:
    ids = [branch.id for branch in plan]
    return {
        "default": [],
        "items": {"type": "string", "enum": ids},
        "examples": ids,
        "values_display": {branch.id: f"{branch.id} {branch.slug}" for branch in plan},
    }


def _agent(profiles: Collection[str]) -> dict[str, Any]:
    return {"enum": [None, *sorted(profiles)], "values_display": {"null": "the plan's own"}}
