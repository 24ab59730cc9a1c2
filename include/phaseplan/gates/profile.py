"""Choose the profile of gate containers: never an agent's network, environment or secrets."""

from __future__ import annotations

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan


def gate_profile(plan: PhasePlan, profile: AgentProfile) -> AgentProfile:
    """Return the part of a profile that gates may use.

    :param profile: the one that `gates.profile` names, whose network and environment are meant for gates; or, where
        none is named, that of an agent, of which gates get the image and the limits.
    """
    if plan.gates.profile is not None:
        alone = {"network": "none"} if profile.gateway else {}  # that network is the gateway's, and gates have none
        return profile.model_copy(update={"secrets": {}, **alone})
    return profile.model_copy(update={"secrets": {}, "environment": {}, "network": "none"})
