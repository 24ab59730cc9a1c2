"""Let the commands of one gating reach the hosts of their profile: by a gateway with no key, no provider, no budget.

One gateway serves a gating: its commands run one after the other, so that each is alone with it in a network that leads
nowhere else. It carries the gating's mark, by which any process finds it, and goes with the gating.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import docker

from phaseplan.containers import engine, network
from phaseplan.containers.engine import Found, Spec
from phaseplan.containers.gateways.gateway import READY, Gateway, close_found, ended_first, open_gateway
from phaseplan.containers.gateways.record import BadRecord, read_record, sentences
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import Sink
from phaseplan.containers.network import PAIR
from phaseplan.plan.agents import AgentProfile


@dataclass(frozen=True)
class Door:
    """Stand for the way out of one gating; without hosts in its profile it does nothing.

    :param image: of gateways.
    :param labels: of the gating's containers.
    :param marks: of the gating.
    """

    client: docker.DockerClient
    image: str
    profile: AgentProfile
    labels: Labels
    marks: Mapping[str, str]
    way_out: Callable[[], WayOut]

    def opened(self, spec: Spec) -> Spec:
        """Return a spec whose container reaches the hosts; start the gateway if none runs.

        :raises GatewayFailed: it does not begin to work.
        """
        if not self.profile.gateway:
            return spec
        running = next((g.marks[PAIR] for g in self._gateways() if g.status == "running"), "")
        way = self.way_out()
        if not running:
            self.close()
            opened = open_gateway(
                self.client, self.image, self.profile, self.labels, {}, None, way_out=way, marks=self.marks
            )
            running = opened.pair
        gateway = Gateway(running, "")
        variables = {**way.variables(self.profile), **spec.environment, **gateway.variables(self.profile)}
        return replace(spec, network=gateway.network, marks={**spec.marks, PAIR: gateway.pair}, environment=variables)

    def fault(self, command: Found) -> str:
        """Say how the gateway of an ended command ended before it; empty: it did not, or there is none."""
        pair = command.marks.get(PAIR)
        if pair is None:
            return ""
        gateway = next((g for g in self._gateways() if g.marks.get(PAIR) == pair), None)
        return "was removed" if gateway is None else ended_first(command, gateway)

    def missed(self) -> str:
        """Say which hosts the gating's commands asked for in vain: not named by the profile, or not reached."""
        refused, unreached = set[str](), set[str]()
        for gateway in self._gateways():
            try:
                record = read_record(self.client, gateway.id)
            except BadRecord:
                continue  # it only illustrates
            refused |= set(record.refused) if record else set()
            unreached |= set(record.unreached) if record else set()
        words = f"; refused, because `egress` of its profile does not name them: {_listed(refused)}" if refused else ""
        return words + (f"; not reached from here, see the gateway's lines: {_listed(unreached)}" if unreached else "")

    def close(self, sink: Sink | None = None, left: Iterable[Found] = ()) -> None:
        """Remove the gateway and its network, and show what it said; what is gone already is fine.

        :param left: containers of commands, by which the network of a gateway is found that a person has removed.
        """
        for gateway in self._gateways():
            if sink:
                for line in sentences(self.client, gateway.id):
                    if line != READY:
                        sink(f"Gateway: {line}")
            close_found(self.client, gateway)
        for pair in {found.marks[PAIR] for found in left if PAIR in found.marks}:
            network.remove_internal(self.client, pair)

    def _gateways(self) -> list[Found]:
        """List the gateways of this gating, the newest first."""
        if not self.profile.gateway:
            return []
        labels = self.labels.playing("gateway").as_dict()
        wanted = {key.removeprefix("phaseplan."): value for key, value in labels.items()}
        return [g for g in engine.find(self.client, **wanted) if self.marks.items() <= g.marks.items()]


def _listed(hosts: set[str]) -> str:
    return ", ".join(sorted(hosts)[:10])
