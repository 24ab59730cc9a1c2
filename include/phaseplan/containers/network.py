"""Make the networks of agents: one that leads out and to no other container (decision 024), and those of gateways.

In the network of a gateway an agent is alone with it (decision 037): it leads nowhere, and not to the host either.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Network
from typing import Any

import docker
import docker.errors
from docker.types import IPAMConfig, IPAMPool

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.errors import Lasting

AGENTS = "phaseplan-agents"
_APART = "com.docker.network.bridge.enable_icc"
_MTU = "com.docker.network.driver.mtu"
_NO_HOST = "com.docker.network.bridge.inhibit_ipv4"  # the bridge gets no address, by which the host could be reached
_LABEL = "phaseplan.network"
PAIR = "pair"  # label of ours (`Found.marks`) that joins an agent, its gateway and their network
#: Kept for measurements by RFC 2544: no neighbour of the machine has such an address. The engine's own pools are small.
_RANGE, _SMALL = IPv4Network("198.18.0.0/15"), 29
_TRIES = 50  # subnets that may be taken already


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
    options = {_APART: "false", **_packet_size(client)}
    try:
        client.api.create_network(
            AGENTS, driver="bridge", options=options, labels={_LABEL: "agents"}, check_duplicate=True
        )
    except docker.errors.APIError as error:
        if error.status_code != 409:
            raise
    return dict(client.api.inspect_network(AGENTS))


def _packet_size(client: docker.DockerClient) -> dict[str, str]:
    """Return the option that gives a network the packet size of the engine's own."""
    mtu = (client.api.inspect_network("bridge").get("Options") or {}).get(_MTU)
    return {_MTU: mtu} if mtu else {}


def name_of(pair: str) -> str:
    """Return the name of a gateway's network."""
    return f"phaseplan-{pair}"


def create_internal(client: docker.DockerClient, pair: str, labels: Mapping[str, str]) -> None:
    """Create the network of a gateway and its agent: no way out, and no address of the host in it."""
    with engine_errors():
        options = {_NO_HOST: "true", **_packet_size(client)}
        for more in reversed(range(_TRIES)):
            subnet = _RANGE[random.randbelow(_RANGE.num_addresses) & -8]
            ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=f"{subnet}/{_SMALL}")])
            own = {**labels, f"phaseplan.{PAIR}": pair, _LABEL: "gateway"}
            try:
                client.api.create_network(
                    name_of(pair), driver="bridge", options=options, labels=own, internal=True, ipam=ipam
                )
                return
            except docker.errors.APIError as error:
                if not more or "overlap" not in str(error).lower():
                    raise


def remove_internal(client: docker.DockerClient, pair: str) -> None:
    """Remove the network of a gateway, whatever is still in it; missing is fine."""
    with engine_errors(), suppress(docker.errors.NotFound):
        for container_id in client.api.inspect_network(name_of(pair)).get("Containers") or {}:
            with suppress(docker.errors.NotFound):
                client.api.disconnect_container_from_network(container_id, name_of(pair), force=True)
        client.api.remove_network(name_of(pair))


def apart(role: str, marks: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a container's host that keep an agent and its gateway to themselves.

    The engine answers an agent's questions for names; it passes none on, which would be a way out. A gateway forwards
    no packet.
    """
    if role == "gateway":
        return {"sysctls": {"net.ipv4.ip_forward": "0"}}
    return {"dns": ["127.0.0.1"]} if role in ("agent", "gate") and PAIR in marks else {}
