"""Choose the profile of gate containers: never an agent's network, environment or secrets."""

from __future__ import annotations

from collections.abc import Mapping

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan

_UNPAID: Mapping[str, object] = {"secrets": {}, "budget": None, "prices": {}}
_SHUT = {"network": "none", "gateway": False, "egress": ()}


def gate_profile(plan: PhasePlan, profile: AgentProfile) -> AgentProfile:
    """Return the part of a profile that gates may use.

    :param profile: the one that `gates.profile` names, whose network, environment and `egress` are meant for gates;
        or, where none is named, that of an agent, of which gates get the image and the limits.
    """
    if plan.gates.profile is None:
        return profile.model_copy(update={**_UNPAID, "environment": {}, **_SHUT})
    shut = _SHUT if profile.gateway and not profile.egress else {}  # gates have no key that it could stand for
    return profile.model_copy(update={**_UNPAID, **shut})
