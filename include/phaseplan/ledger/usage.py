"""Record what one attempt used of its models, as its gateway counted it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import BaseModel, ConfigDict, Field


class ModelUsage(BaseModel):
    """Tokens of one model; `usd` None: its price is unknown."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    input: int = Field(default=0, ge=0)
    output: int = Field(default=0, ge=0)
    cached: int = Field(default=0, ge=0)  # part of `input`
    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    def __add__(self, other: ModelUsage) -> ModelUsage:
        """Sum two usages; with one price unknown, the price of both is."""
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return ModelUsage(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            usd=usd,
        )


class Usage(BaseModel):
    """Calls, tokens by model, and hosts that the gateway refused, with how often."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    calls: int = Field(default=0, ge=0)
    models: dict[str, ModelUsage] = {}
    refused: dict[str, int] = {}

    @property
    def tokens(self) -> int:
        """Return all tokens, in and out."""
        return sum(used.input + used.output for used in self.models.values())

    @property
    def usd(self) -> float:
        """Return the price of what has a known price."""
        return sum(used.usd or 0.0 for used in self.models.values())

    def renamed(self, change: Callable[[str], str]) -> Usage:
        """Change the names of models and hosts; those that become one are added."""
        models = [Usage(models={change(name): used}) for name, used in self.models.items()]
        refused = [Usage(refused={change(host): times}) for host, times in self.refused.items()]
        return summed([Usage(calls=self.calls), *models, *refused]) or self

    def __str__(self) -> str:
        """Write the sums as people read them."""
        read = sum(used.input for used in self.models.values())
        written = sum(used.output for used in self.models.values())
        unknown = sorted(name for name, used in self.models.items() if used.usd is None)
        price = f"${self.usd:.2f}" if len(unknown) < len(self.models) else ""
        gap = f"price of {', '.join(unknown)} unknown" if price and unknown else "price unknown" if unknown else ""
        return ", ".join(part for part in (f"{read:,} tokens in", f"{written:,} out", price, gap) if part)


def summed(usages: Iterable[Usage | None]) -> Usage | None:
    """Add the usages of several attempts; None if nothing was counted of any."""
    counted = [usage for usage in usages if usage is not None]
    if not counted:
        return None
    models: dict[str, ModelUsage] = {}
    refused: dict[str, int] = {}
    for usage in counted:
        for name, used in usage.models.items():
            models[name] = models[name] + used if name in models else used
        for host, times in usage.refused.items():
            refused[host] = refused.get(host, 0) + times
    return Usage(calls=sum(usage.calls for usage in counted), models=models, refused=refused)
