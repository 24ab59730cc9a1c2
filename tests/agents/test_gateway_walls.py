"""An agent behind a gateway that tries everything: it gets nothing, and what it asked for is in the record."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from phaseplan.containers import engine
from phaseplan.containers.gateways.gateway import gateway_of
from phaseplan.containers.log_following import follow
from phaseplan.ledger.records import Verdict
from tests.agents.gateway_stage import KEY, begin, carry, left_over, profile, stage_of
from tests.agents.model_server import SHELLS, Model, serving
from tests.build.test_attempts import show

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300), pytest.mark.usefixtures("gateway")]
NAMES = ("example.org", "metadata.google.internal", "host.docker.internal")
TRIES = """
import threading
def reaches(host, port):
    try:
        socket.create_connection((host, port), timeout=2).close()
        return True
    except OSError:
        return False
def named(host):
    try:
        return socket.gethostbyname(host)
    except OSError:
        return ""
def proxied(line, host):
    with socket.create_connection(("gateway", 8081), timeout=20) as wire:
        wire.sendall(f"{line} HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n".encode())
        return int(wire.recv(64).split()[1])
def holds(path):
    try:
        return os.environ["YEK"][::-1].encode() in pathlib.Path(path).read_bytes()
    except OSError:
        return False
def comes_back():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        server.settimeout(20)
        threading.Thread(target=named, args=("asked.example.org",), daemon=True).start()
        try:
            return b"asked" in server.recv(512)
        except OSError:
            return False
ports, named_host = json.loads(os.environ["PORTS"]), os.environ["NAMED"]
own = socket.gethostbyname(socket.gethostname())
bridge = own.rpartition(".")[0] + "." + str(int(own.rpartition(".")[2]) & 248 | 1)
hosts = [bridge, "169.254.169.254", "1.1.1.1", *json.loads(os.environ["HOSTS"])]
places = [str(p) for top in ("/phaseplan", "/workspace", "/etc", "/tmp", "/run", "/home")
          for p in pathlib.Path(top).rglob("*")]
places += [f"/proc/{p}/{name}" for p in os.listdir("/proc") if p.isdigit() for name in ("environ", "cmdline")]
write(json.dumps({
    "reached": [f"{host}:{port}" for host in hosts for port in ports if reaches(host, port)],
    "names": [host for host in json.loads(os.environ["NAMES"]) if named(host)],
    "a question for a name comes back": comes_back(),
    "sockets": [str(p) for top in ("/run", "/var/run", "/tmp") for p in pathlib.Path(top).rglob("*") if p.is_socket()],
    "keys": [place for place in places if holds(place)],
    "CONNECT to an address": proxied("CONNECT 1.1.1.1:443", "1.1.1.1:443"),
    "CONNECT to a stranger": proxied("CONNECT evil.example:443", "evil.example:443"),
    "GET of the metadata": proxied("GET http://169.254.169.254/latest/", "169.254.169.254"),
    "GET of a named host": proxied(f"GET http://{named_host}/v1/models", named_host),
    "with another token": ask("another-token")[:3],
    "with its token": "completed" in ask(),
}))
"""


@dataclass(frozen=True)
class Tried:
    """What the agent found out, and what was to be seen from outside."""

    found: dict[str, Any]
    verdict: Verdict
    places: dict[str, bytes]  # what may not hold the key, by what it is


@contextmanager
def listening() -> Iterator[int]:
    """A service of the host that listens on all its addresses."""
    with closing(socket.create_server(("0.0.0.0", 0))) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield int(server.getsockname()[1])


def _accept(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def addresses() -> list[str]:
    """All addresses of this machine."""
    done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True)
    return [word for word in done.stdout.split() if ":" not in word]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, host: str, gateway: None) -> Iterator[Tried]:
    """One agent's life."""
    top = tmp_path_factory.mktemp("walls")
    with listening() as port, serving(SHELLS[0], host) as model:
        named = model.url.removeprefix("http://")
        environment = {"PORTS": json.dumps([port, 80]), "HOSTS": json.dumps(addresses()), "NAMED": named,
                       "NAMES": json.dumps(NAMES), "YEK": KEY[::-1]}  # fmt: skip
        made = profile(model, TRIES, environment=environment, egress=[f"private:{named}"])
        with stage_of(top, made) as stage:
            running = begin(stage)
            listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, check=True).stdout
            follow(stage.client, running.container, stage.said.append, 200)
            agent = engine.look(stage.client, running.container)
            beside = gateway_of(stage.client, agent)
            assert beside is not None
            places = {f"{found.labels.role}: {what}": data for found in (agent, beside)
                      for what, data in seen(stage.client, found.id).items()}  # fmt: skip
            done, _ = carry(stage)
            assert done.verdict.outcome == "passed", "\n".join(stage.said)
            objects = ["git", "-C", stage.remote.url, "cat-file", "--batch-all-objects", "--batch"]
            places["target"] = subprocess.run(objects, capture_output=True, check=True).stdout
            places["process list"] = listed
            places["task's log"] = "\n".join(stage.said).encode()
            places["state"] = b"".join(path.read_bytes() for path in stage.state.rglob("*") if path.is_file())
            assert left_over(stage) == []
            yield Tried(json.loads(show(stage, f"{done.verdict.name}:a/file.txt")), done.verdict, places)


def spellings(key: str) -> list[bytes]:
    """A key as it is, in hex, and in base64 wherever it begins there."""
    data = key.encode()
    packed = [base64.b64encode(b"x" * shift + data)[4 if shift else 0 : -4] for shift in range(3)]
    return [data, data.hex().encode(), data.hex().upper().encode(), *packed]


def seen(client: docker.DockerClient, container_id: str) -> dict[str, bytes]:
    """What the engine shows of a container: settings, log, files."""
    return {
        "inspect": json.dumps(client.api.inspect_container(container_id)).encode(),
        "log": client.api.logs(container_id),
        "files": b"".join(client.api.export(container_id)),
    }


def test_it_reaches_neither_the_host_nor_the_metadata_address_nor_the_internet(tried: Tried) -> None:
    assert tried.found["reached"] == [] and tried.found["sockets"] == [], "nor the engine by a socket"


def test_no_outside_name_is_looked_up_for_it(tried: Tried) -> None:
    """The engine passes the question on to the name server that the container has: the agent itself."""
    assert tried.found["names"] == [] and tried.found["a question for a name comes back"] is True


def test_the_key_is_nowhere_but_in_the_memory_of_the_gateway(tried: Tried) -> None:
    assert tried.found["keys"] == []
    spelled = spellings(KEY)
    assert [what for what, data in tried.places.items() if any(form in data for form in spelled)] == []


def test_only_hosts_that_are_named_are_reached_through_the_gateway(tried: Tried) -> None:
    assert {what: status for what, status in tried.found.items() if what.startswith(("CONNECT", "GET"))} == {
        "CONNECT to an address": 403,
        "CONNECT to a stranger": 403,
        "GET of the metadata": 403,
        "GET of a named host": 200,
    }


def test_what_was_refused_is_in_the_verdict_and_the_log(tried: Tried) -> None:
    assert tried.verdict.usage is not None
    assert set(tried.verdict.usage.refused) == {"1.1.1.1:443", "evil.example:443", "169.254.169.254:80"}
    assert b"evil.example" in tried.places["task's log"]


def test_the_model_answers_the_agents_token_and_no_other(tried: Tried) -> None:
    assert tried.found["with its token"] is True and tried.found["with another token"] == "401"


def test_agents_behind_gateways_do_not_reach_each_other(tmp_path: Path, model: Model) -> None:
    """The second is given the address of the first, which listens."""
    waits = 'socket.create_server(("", 9000)); write("up"); __import__("time").sleep(600)'
    with stage_of(tmp_path, profile(model, waits)) as stage:
        first = begin(stage)
        shown = stage.client.api.inspect_container(first.container)["NetworkSettings"]["Networks"]
        (address,) = [str(network["IPAddress"]) for network in shown.values()]
        knock = f"""
try:
    socket.create_connection(("{address}", 9000), timeout=3); write("reached")
except OSError as error:
    write("no")
"""
        (tmp_path / "second").mkdir()
        with stage_of(tmp_path / "second", profile(model, knock)) as second:
            done, _ = carry(second)
            assert show(second, f"{done.verdict.name}:a/file.txt") == "no"
        stage.client.api.kill(first.container)
        carry_on, _ = carry(stage)
        assert carry_on.verdict.outcome == "unfinished"
