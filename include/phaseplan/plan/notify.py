"""Define who is told of what happens in a phase."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from phaseplan.plan.base import Model

Event = Literal[
    "isolated",
    "blocked",
    "paused",
    "resumed",
    "budget",
    "approval",
    "wave_integrated",
    "phase_complete",
    "delivery",
]


class Notify(Model):
    """Name who is told of what: notifiers of the operator's notifiers file, never classes or addresses."""

    isolated: tuple[str, ...] = Field(default=(), description="When a branch was taken out.")
    blocked: tuple[str, ...] = Field(default=(), description="When an agent said what it is blocked on.")
    paused: tuple[str, ...] = Field(default=(), description="When a profile waits for its provider, once for all.")
    resumed: tuple[str, ...] = Field(default=(), description="When it goes on.")
    budget: tuple[str, ...] = Field(default=(), description="When a budget that branches share is at 80 %, or spent.")
    approval: tuple[str, ...] = Field(default=(), description="When a person is asked to approve.")
    wave_integrated: tuple[str, ...] = Field(default=(), description="When a wave was merged and passed.")
    phase_complete: tuple[str, ...] = Field(default=(), description="When all branches are integrated.")
    delivery: tuple[str, ...] = Field(
        default=(), description="When the phase was pushed or its pull request opened, merged or closed, or was not."
    )

    def names(self, event: Event) -> tuple[str, ...]:
        """Return the notifiers that this plan names for one event."""
        names: tuple[str, ...] = getattr(self, event)
        return names
