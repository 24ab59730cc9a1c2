"""A target with nights, and a forge that it is on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from phaseplan.delivery.deliver import Delivering, DeliveryReport, look_again
from phaseplan.delivery.place import Access, OpenForge, forge_of
from phaseplan.ledger.delivered import Delivered
from phaseplan.ledger.records import Token
from phaseplan.merging.base import find_base
from phaseplan.plan.delivery import Delivery
from phaseplan.plan.model import PhasePlan
from tests.delivery.standin.server import PROJECT, StandIn
from tests.git.lab import PHASE
from tests.git.nights import Nights, plan_of

WAVES = ({"1": (), "2": ()}, {"3": ("1",)})
HEAD = f"integration/phase-{PHASE}"


def plan(how: str = "pull-request", *, deliver: dict[str, Any] | None = None, **more: Any) -> PhasePlan:
    """The plan of the nights, delivered."""
    project = {"project": PROJECT} if how == "pull-request" else {}
    return plan_of(waves=more.pop("waves", WAVES), deliver={"how": how, **project, **(deliver or {})}, **more)


@dataclass
class Shop:
    """Nights of one phase whose repository is on a forge."""

    nights: Nights
    forge: StandIn
    token: str = ""
    words: list[str] = field(default_factory=list)

    def opened(self, deliver: Delivery, remote: str) -> OpenForge:
        """The forge, as the operator's connection describes it."""
        access = Access("phaseplan_forge", self.forge.top, self.forge.kind, self.token or self.forge.token)
        return forge_of(access, deliver, remote)

    def night(self, wanted: PhasePlan, **more: Any) -> DeliveryReport:
        """One run, to its end."""
        return self.deliver(self.built(wanted, **more))

    def built(self, wanted: PhasePlan, **more: Any) -> Token:
        """One run without its delivery."""
        self.look(wanted)
        token = self.nights.begin(wanted, **more)
        self.nights.go_on(wanted, token)
        return token

    def look(self, wanted: PhasePlan) -> None:
        """What opening sees of the pull request."""
        lab = self.nights.lab
        base = find_base(lab.remote, lab.repo, "main")
        look_again(lab.repo, lab.remote, lab.read(), wanted.deliver, base, self.opened, self.words.append)

    def deliver(self, token: Token) -> DeliveryReport:
        """What the task `deliver` does."""
        lab = self.nights.lab
        return Delivering(lab.repo, lab.remote, token, PHASE, self.opened, self.words.append).run()

    @property
    def record(self) -> Delivered:
        """What is recorded."""
        found = self.nights.lab.read().delivery
        assert found is not None
        return found
