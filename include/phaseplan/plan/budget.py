"""Define what the attempts at one branch may use of a model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from phaseplan.plan.kinds import Positive, Real


class Budget(BaseModel):
    """Limit what all attempts at one branch use together; an attempt that meets it has failed, and none follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: Positive | None = Field(default=None, description="Tokens, in and out together.")
    usd: Real | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="US dollars, by the `prices` of the agent profile."
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Budget:
        if self.tokens is None and self.usd is None:
            raise ValueError("a budget of nothing in particular: write tokens, usd or both")
        return self
