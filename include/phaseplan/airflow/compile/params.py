"""Define the trigger form of a phase: five fields, each of which refuses a bad value."""

from __future__ import annotations

from collections.abc import Collection

from airflow.sdk import Param

from phaseplan.plan.model import DEPENDENCIES, PhasePlan

#: What git may take for a name, and never for an option; whether it is one is looked up when the phase opens.
_NAME = r"^[^-/\x00-\x20\x7f~^:?*\[\\][^\x00-\x20\x7f~^:?*\[\\]*$"


def form(plan: PhasePlan, profiles: Collection[str], start: str) -> dict[str, Param]:
    """Parameters of a run; `./phaseplan run --set key=value` sets exactly these."""
    return {
        "base": _base(plan),
        "start": Param(
            start,
            type="string",
            enum=["wave", "dependencies"],
            title="Start",
            description="wave: a branch waits for the previous wave; dependencies: only for what it needs.",
        ),
        "branches": _branches(plan),
        "agent": _agent(profiles),
        "rebuild": Param(
            "auto",
            type="string",
            enum=["auto", "always"],
            title="Rebuild",
            description="auto: a passed verdict for the same inputs is reused; always: agents build anew.",
        ),
    }


def _base(plan: PhasePlan) -> Param:
    return Param(
        plan.base_name,
        type="string",
        minLength=1,
        pattern=_NAME,
        title="Base",
        description="Branch, tag or commit of the target repository that the phase builds on"
        + (f"; `{DEPENDENCIES}`: what the phases it depends on have integrated." if plan.depends_on else "."),
    )


def _branches(plan: PhasePlan) -> Param:
    ids = [branch.id for branch in plan]
    return Param(
        [],
        type=["array", "null"],
        items={"type": "string", "enum": ids},
        uniqueItems=True,
        examples=ids,
        values_display={branch.id: f"{branch.id} {branch.slug}" for branch in plan},
        title="Branches",
        description="Only these; the others succeed untouched. Empty: all.",
    )


def _agent(profiles: Collection[str]) -> Param:
    return Param(
        None,
        type=["string", "null"],
        enum=[None, *sorted(profiles)],
        values_display={"null": "the plan's own"},
        title="Agent",
        description="Profile that builds every branch of this run instead of the plan's own.",
    )
