"""Define where a person has to approve before a phase goes on, and who may."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from phaseplan.plan.base import Model
from phaseplan.plan.kinds import TimeLimit

Point = Literal["open", "wave", "phase"]


class Approve(Model):
    """Name the points at which a phase waits for a person. A list alone is short for `at`."""

    at: tuple[Point, ...] = Field(
        min_length=1,
        description="`open`: before the agents of a run begin; `wave`: after each wave, before the next one begins; "
        "`phase`: before the phase is complete.",
    )
    who: tuple[str, ...] = Field(
        default=(),
        description="Roles of the operator's approvers file, or ids of Airflow users; nobody named: whoever may "
        "answer in Airflow.",
    )
    within: TimeLimit | None = Field(default=None, description="Time for an answer; default: no limit.")
    unanswered: Literal["stop", "go on"] = Field(
        default="stop",
        description="What happens when that time is over: the run ends there, or goes on as if approved.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"at": value} if isinstance(value, (list, tuple)) else value
