"""Watch the gateway of an agent that runs: show what it says, and notice its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import docker

from phaseplan.containers import engine
from phaseplan.containers.gateways.gateway import READY, gateway_of
from phaseplan.containers.gateways.record import read_record, sentences
from phaseplan.containers.log_following import Cursor
from phaseplan.containers.network import PAIR
from phaseplan.containers.redact import Redactor


def answers(client: docker.DockerClient, agent: engine.Found) -> bool:
    """Say whether the newest word of an agent's provider, as its gateway heard it, is an answer."""
    gateway = gateway_of(client, agent) if PAIR in agent.marks else None
    record = read_record(client, gateway.id) if gateway is not None else None
    return record is not None and record.answers


@dataclass(frozen=True)
class GatewayWatch:
    """Remember how far a gateway's log was shown.

    :param agent: the container of its agent.
    """

    agent: str
    place: Cursor = field(default_factory=Cursor)

    def works(self, client: docker.DockerClient, say: Callable[[str], None], redact: Redactor) -> bool:
        """Pass on what the gateway has said since; False if it has ended and its agent, useless without it, has not.

        :raises ContainerGone: there is no such agent any more.
        """
        agent = engine.look(client, self.agent)
        gateway = gateway_of(client, agent)
        for line in sentences(client, gateway.id, redact, self.place) if gateway else ():
            if line != READY:
                say(f"Gateway: {line}")
        return agent.status != "running" or (gateway is not None and gateway.status == "running")

    def answered(self, client: docker.DockerClient) -> bool:
        """Say whether the provider's newest word to the agent that runs is an answer."""
        return answers(client, engine.look(client, self.agent))
