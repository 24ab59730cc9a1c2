"""Gates whose profile names hosts reach those and no others, through a gateway that leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.containers.labels import Labels
from phaseplan.containers.network import AGENTS, network_of
from phaseplan.gates.commands import ContainerBench
from phaseplan.gates.gating import GateStopped, Waiting
from phaseplan.gates.profile import gate_profile
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.repo import GitRepo
from tests.agents.conftest import gateway
from tests.container.conftest import AGENT, Work
from tests.field.conftest import COLLECTOR
from tests.field.test_04_gates_without_network import plan
from tests.gateway import scripted
from tests.gateway.test_faults import certificate

__all__ = ["gateway"]

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("gateway")]

#: What a gate does: fetch an address by the proxy that its environment names; print the answer.
FETCH = """python3 -c '
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
except urllib.error.HTTPError as error:
    sys.exit(f"not fetched: {error} {error.read().decode()}")
except OSError as error:
    sys.exit(f"not fetched: {error}")
' """


class Place:
    """A commit, a server on the machine, and a bench whose profile names that server."""

    def __init__(self, client: docker.DockerClient, ledger: str, repo: GitRepo, files: scripted.Provider) -> None:
        self.client, self.ledger, self.repo, self.commit = client, ledger, repo, str(repo.rev("main"))
        network_of(client, "bridge")
        self.host = str(client.api.inspect_network(AGENTS)["IPAM"]["Config"][0]["Gateway"])
        self.files, self.said = files, []
        self.url = f"http://{self.host}:{files.port}/module"
        given = {"image": AGENT, "memory": "256m", "gateway": True, "egress": [f"private:{self.host}:{files.port}"]}
        self.profile = gate_profile(plan("named"), AgentProfile.model_validate(given))

    def bench(self, way_out: WayOut | None = None) -> ContainerBench:
        labels = Labels(self.ledger, 5, "5.1.1", 1, "run-1", "gate")
        return ContainerBench(
            self.client, self.profile, labels, COLLECTOR, 120, lambda line: self.said.append(line or ""),
            gateway=settings().gateway_image, way_out=lambda: way_out or WayOut(),
        )  # fmt: skip

    def run(self, *commands: str, way_out: WayOut | None = None) -> tuple[Finding, ...]:
        found = self.bench(way_out).run(self.repo, self.commit, commands, title="5.1.1")
        assert self.left() == []
        return found

    def left(self) -> list[str]:
        """What is left of this ledger on the engine."""
        networks = self.client.networks.list(filters={"label": f"phaseplan.ledger={self.ledger}"})
        return [f.labels.role for f in engine.find(self.client, ledger=self.ledger)] + [str(n.name) for n in networks]

    def gateways(self) -> list[engine.Found]:
        return engine.find(self.client, ledger=self.ledger, role="gateway")


@pytest.fixture
def place(client: docker.DockerClient, ledger: str, work: Work, publish: Callable[[Work], GitRepo]) -> Iterator[Place]:
    with scripted.serving(host="0.0.0.0") as files:
        made = Place(client, ledger, publish(work), files)
        files.script += [lambda handler: handler.say(200, b"the module")] * 9
        yield made


def test_commands_reach_named_hosts_and_no_others_and_leave_nothing(place: Place) -> None:
    begun = time.monotonic()
    assert place.run("true") == ()
    between = time.monotonic()
    assert place.run(FETCH + place.url, f"{FETCH}{place.url} | grep module") == ()
    print(f"one command {between - begun:.1f} s, two {time.monotonic() - between:.1f} s")
    assert "the module" in "\n".join(place.said) and len(place.files.asked) == 2
    (found,) = place.run(FETCH + "http://evil.example/", "echo never")
    assert found.gate == "commands" and "failed with exit code 1" in found.message
    assert "refused, because `egress` of its profile does not name them: evil.example:80" in found.message
    assert [line for line in place.said if line.startswith("Gateway: evil.example:80")]


def test_a_named_host_that_does_not_answer_is_named_with_the_finding(place: Place) -> None:
    place.files.script[:] = [scripted.reset]
    (found,) = place.run(FETCH + place.url)
    host = f"{place.host}:{place.files.port}"
    assert f"not reached from here, see the gateway's lines: {host}" in found.message
    assert [line for line in place.said if line.startswith(f"Gateway: {host} did not answer: ")]


def test_nothing_else_is_reached_from_a_gate_and_no_key_is_there(place: Place) -> None:
    straight = f"""python3 -c '
import os, socket
for host, port in (("{place.host}", {place.files.port}), ("169.254.169.254", 80), ("1.1.1.1", 53)):
    try:
        socket.create_connection((host, port), timeout=3)
    except OSError:
        continue
    raise SystemExit("reached " + host)
try:
    socket.getaddrinfo("pypi.org", 443)
except OSError:
    raise SystemExit(0 if not [n for n in os.environ if "KEY" in n] else "a key")
raise SystemExit("looked up")
'"""
    assert place.run(straight) == ()
    ask = FETCH + "http://gateway:8080/v1/models"
    assert place.run(f"! NO_PROXY=gateway {ask}") == (), "it stands for no provider"


def test_a_generator_reaches_the_hosts_too(place: Place) -> None:
    command = f"mkdir -p gen && {FETCH}{place.url} > gen/module"
    made = place.bench().regenerate(place.repo, place.commit, [command, "cat gen/module"], ["gen/**"])
    assert place.repo.run("show", f"{made}:gen/module").out == "the module\n" and place.left() == []


def test_another_process_goes_on_with_the_same_gateway(place: Place) -> None:
    commands = ["sleep 4", FETCH + place.url]
    came = place.bench().gating(place.repo, place.commit, commands).advance(0.1)
    assert isinstance(came, Waiting)
    (before,) = place.gateways()
    again = place.bench().gating(place.repo, place.commit, commands)
    assert again.advance(60) == () and [g.id for g in place.gateways()] == [before.id]
    again.show()
    again.close()
    assert place.left() == [] and len(place.files.asked) == 1


@pytest.mark.parametrize("how", ["kill", "remove"])
def test_the_end_of_a_gateway_is_infrastructure_and_leaves_nothing(place: Place, how: str) -> None:
    gating = place.bench().gating(place.repo, place.commit, [f"sleep 3; {FETCH}{place.url}"])
    assert isinstance(gating.advance(0.1), Waiting)
    (found,) = place.gateways()
    if how == "kill":
        place.client.api.kill(found.id)
    else:
        place.client.api.remove_container(found.id, force=True)
    with pytest.raises(GateStopped, match=r"(?s)the gateway of gate container .* so nothing is known"):
        gating.advance(60)
    assert place.left() == []


def test_certificates_of_the_company_are_where_the_tools_look(place: Place, tmp_path: Path) -> None:
    certificate(tmp_path)
    way = WayOut(certificates=(tmp_path / "ca.pem").read_text())
    look = 'test "$(grep -c BEGIN "$SSL_CERT_FILE")" -gt 50 && test "$GIT_SSL_CAINFO" = "$NODE_EXTRA_CA_CERTS"'
    assert place.run(look, way_out=way) == ()
