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
    """The network with our name lets containers reach each other."""


def network_of(client: docker.DockerClient, requested: str) -> str:
    """Return the engine's name of a profile's network, and create our own network if the profile asks for `bridge`.

    On the engine's own `bridge` all containers reach each other, so ours replaces it; a network that a profile names is
    used as its owner made it.

    :raises NetworkOpen: there is a network of our name which does not keep containers apart.
    """
    if requested not in ("bridge", "default"):
        return requested
    with engine_errors():
        try:
            network = client.api.inspect_network(AGENTS)
        except docker.errors.NotFound:
            network = _created(client)
    if (network.get("Options") or {}).get(_APART) != "false":
        raise NetworkOpen(
            f"network {AGENTS} of the Docker engine lets containers reach each other, so no agent is started on it: "
            f"remove it (docker network rm {AGENTS}); it is made again as it should be"
        )
    return AGENTS


def shared(client: docker.DockerClient, requested: str) -> bool:
    """Say whether agents on a profile's network reach each other: on one that a person made, unless it forbids that."""
    if requested in ("none", "bridge", "default"):
        return False
    with engine_errors():
        options = client.api.inspect_network(requested).get("Options") or {}
    return str(options.get(_APART, "true")) != "false"


def _created(client: docker.DockerClient) -> dict[str, object]:
    """Create our network with the packet size of the engine's own, or return what another process has just created."""
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
