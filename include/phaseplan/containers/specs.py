"""Make the container specification that an agent profile asks for."""

from __future__ import annotations

from phaseplan.containers.engine import Spec
from phaseplan.containers.labels import Labels
from phaseplan.plan.agents import AgentProfile


def of_profile(profile: AgentProfile, labels: Labels) -> Spec:
    """Describe a container of a profile: image, user, limits, network and environment; `replace` adds what it runs."""
    return Spec(
        image=profile.image,
        labels=labels,
        user=profile.user,
        memory=profile.memory,
        cpus=profile.cpus,
        pids=profile.pids,
        network=profile.network,
        environment=profile.environment,
    )
