"""Define what the attempts at one branch, or all attempts of a phase or a run, may use of a model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from phaseplan.plan.kinds import Positive, Real


class Budget(BaseModel):
    """Limit what attempts use together; those at one branch, where a branch has it."""

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

    def __str__(self) -> str:
        """Write the limits as people read them."""
        return amount(self.tokens, self.usd)


class PhaseBudget(BaseModel):
    """Limit what all branches use together. Attempts reserve from it before they begin (decision 038)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phase: Budget | None = Field(default=None, description="Of all runs of the phase together.")
    night: Budget | None = Field(default=None, description="Of each run.")

    @model_validator(mode="after")
    def _limits_something(self) -> PhaseBudget:
        if self.phase is None and self.night is None:
            raise ValueError("a budget of nothing in particular: write phase, night or both")
        return self


def amount(tokens: int | None, usd: float | None) -> str:
    """Write an amount as people read it; empty where there is none."""
    parts = (f"{tokens:,} tokens" if tokens is not None else "", f"${usd:.2f}" if usd is not None else "")
    return " and ".join(filter(None, parts))
