"""Make the network of agents that ask for `bridge`: it leads out, and to no other container (decision 024)."""

from __future__ import annotations

import docker
import docker.errors

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.errors import Lasting

AGENTS = "phaseplan-agents"
_APART = "com.docker.network.bridge.enable_icc"
_MTU = "com.docker.network.driver.mtu"
_LABEL = "phaseplan.network"


class NetworkOpen(Lasting):
    """A network of our name lets containers reach each other."""


def network_of(client: docker.DockerClient, wanted: str) -> str:
    """The engine's name of a profile's network. Instead of the engine's own `bridge`, on which all containers reach
    each other, it is ours, made when it is first needed; one that a profile names is left as its owner made it.

    :raises NetworkOpen: somebody made a network of that name which does not keep containers apart.
    """
    if wanted not in ("bridge", "default"):
        return wanted
    with engine_errors():
        try:
            found = client.api.inspect_network(AGENTS)
        except docker.errors.NotFound:
            found = _made(client)
    if (found.get("Options") or {}).get(_APART) != "false":
        raise NetworkOpen(
            f"network {AGENTS} of the Docker engine lets containers reach each other, so no agent is started on it: "
            f"remove it (docker network rm {AGENTS}); it is made again as it should be"
        )
    return AGENTS


def shared(client: docker.DockerClient, wanted: str) -> bool:
    """Whether agents on a profile's network reach each other: on one that a person made, unless it forbids that."""
    if wanted in ("none", "bridge", "default"):
        return False
    with engine_errors():
        options = client.api.inspect_network(wanted).get("Options") or {}
    return str(options.get(_APART, "true")) != "false"


def _made(client: docker.DockerClient) -> dict[str, object]:
    """Make it as large in its packets as the engine's own, or find what another process has just made."""
    options = {_APART: "false"}
    if mtu := (client.api.inspect_network("bridge").get("Options") or {}).get(_MTU):
        options[_MTU] = mtu
    try:
        client.api.create_network(
            AGENTS, driver="bridge", options=options, labels={_LABEL: "agents"}, check_duplicate=True
        )
    except docker.errors.APIError as error:
        if error.status_code != 409:
            raise
    return dict(client.api.inspect_network(AGENTS))
