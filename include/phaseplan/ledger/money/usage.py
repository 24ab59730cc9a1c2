"""Record what attempts used of their models, as their gateways counted it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from phaseplan.plan.budget import amount

_NAMED = 3  # models without a price: an agent chooses what it asks for

#: Which budget limits an attempt first: the one of its branch, or one that it shares.
Source = Literal["branch", "phase", "night"]
Unit = Literal["tokens", "usd"]
UNITS: tuple[Unit, ...] = ("tokens", "usd")


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

    @property
    def short(self) -> str:
        """Write its price in one word, `+` where not all of it is known; the tokens where none is."""
        known = [used.usd for used in self.models.values() if used.usd is not None]
        if not known:
            return f"{self.tokens:,} tokens"
        return f"${self.usd:.2f}{'+' if len(known) < len(self.models) else ''}"

    @property
    def unpriced(self) -> str:
        """Name the models whose price is not known, the first of them."""
        names = sorted(name for name, used in self.models.items() if used.usd is None)
        return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")

    def renamed(self, change: Callable[[str], str]) -> Usage:
        """Change the names of models and hosts; those that become one are added."""
        models = [Usage(models={change(name): used}) for name, used in self.models.items()]
        refused = [Usage(refused={change(host): times}) for host, times in self.refused.items()]
        return summed([Usage(calls=self.calls), *models, *refused]) or self

    def __str__(self) -> str:
        """Write the sums as people read them."""
        read = sum(used.input for used in self.models.values())
        again = sum(used.cached for used in self.models.values())
        written = sum(used.output for used in self.models.values())
        unknown = self.unpriced
        priced = any(used.usd is not None for used in self.models.values())
        price = f"${self.usd:.2f}" if priced else ""
        gap = f"price of {unknown} unknown" if price and unknown else "price unknown" if unknown else ""
        cached = f" ({again:,} cached)" if again else ""
        return ", ".join(part for part in (f"{read:,} tokens in{cached}", f"{written:,} out", price, gap) if part)


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


class Spent(BaseModel):
    """Hold what several attempts used, and what of it was wasted: used by attempts whose work did not come in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    usage: Usage
    wasted: Usage | None = None

    @property
    def short(self) -> str:
        """Write both prices in a few words."""
        return self.usage.short + (f" ({self.wasted.short} wasted)" if self.wasted else "")

    def __str__(self) -> str:
        """Write both as people read them."""
        if self.wasted is None:
            return str(self.usage)
        if self.wasted == self.usage:
            return f"{self.usage}; all wasted"
        price = f"{self.wasted.short}, " if self.wasted.short.startswith("$") else ""
        return f"{self.usage}; wasted {price}{self.wasted.tokens:,} tokens"


class _Shown(Protocol):
    """Stand for a record with these two fields."""

    @property
    def usage(self) -> Usage | None: ...
    @property
    def wasted(self) -> Usage | None: ...


def spent_of(record: _Shown) -> Spent | None:
    """Read from a record what `fields_of` has written there."""
    return Spent(usage=record.usage, wasted=record.wasted) if record.usage else None


def fields_of(spent: Spent | None) -> dict[str, Any]:
    """Return what a record shows of it under `usage` and `wasted`."""
    return {"usage": spent.usage if spent else None, "wasted": spent.wasted if spent else None}


class Allowance(BaseModel):
    """Hold what an attempt may use, and which budget set each limit; written down with its start."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tokens: int | None = Field(default=None, ge=0)
    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    tokens_of: Source = "branch"
    usd_of: Source = "branch"

    def source(self, unit: Unit) -> Source:
        """Return the budget that sets the limit in one unit."""
        return self.tokens_of if unit == "tokens" else self.usd_of

    def ended_by(self, usage: Usage) -> Unit:
        """Say which limit a usage has met, of one that has met any."""
        return "tokens" if self.tokens is not None and usage.tokens >= self.tokens else "usd"

    def __str__(self) -> str:
        """Write the limits as people read them."""
        return amount(self.tokens, self.usd)
