"""Watch the gateway of an agent that runs: show what it says, and notice its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import docker

from phaseplan.containers import engine
from phaseplan.containers.gateway import READY, gateway_of
from phaseplan.containers.gateway_record import sentences
from phaseplan.containers.log_following import Cursor
from phaseplan.containers.redact import Redactor


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
