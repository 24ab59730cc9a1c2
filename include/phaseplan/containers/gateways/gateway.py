"""Start, find and remove the gateway of one attempt: the only thing that its agent can reach (decision 037).

Agent, gateway and their network share a random mark. The gateway's container is made first and removed last, so that
the process that finds it finds all of it.
"""

from __future__ import annotations

import io
import json
import secrets as random
import tarfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import docker

from phaseplan.containers import engine, network
from phaseplan.containers.engine import Found, Spec
from phaseplan.containers.engine_errors import engine_errors
from phaseplan.containers.gateways.record import sentences
from phaseplan.containers.gateways.way_out import STRAIGHT, WayOut
from phaseplan.containers.labels import Labels
from phaseplan.containers.network import PAIR, name_of
from phaseplan.containers.pid1 import LOST
from phaseplan.errors import Infrastructure
from phaseplan.ledger.records import moment
from phaseplan.plan.agents import OPENAI, AgentProfile
from phaseplan.plan.budget import Budget
from phaseplan.plan.presets import ENDPOINT, MODEL

USER = 1000
MEMORY = 64 << 20  # bytes
_NAME = "gateway"  # by which its agent finds it
READY = "ready"  # what a gateway says first
_PATIENCE = 60.0  # seconds until it says so
_WAIT = 600.0  # seconds for which it waits by itself for a provider that is busy
_RECORD = 1 << 20  # bytes of its list of calls
_DISORDER = 3.0  # seconds between two ends that an engine may note the wrong way round; less than the grace of a stop


class GatewayFailed(Infrastructure):
    """A gateway does not begin to work."""


@dataclass(frozen=True)
class Gateway:
    """Identify a gateway that is ready.

    :param token: what its agent sends as its key; worth nothing anywhere else.
    """

    pair: str
    token: str

    @property
    def network(self) -> str:
        """Return the network in which the agent is alone with it."""
        return name_of(self.pair)

    def variables(self, profile: AgentProfile) -> dict[str, str]:
        """Return what the agent's environment says of it, a worthless key in the place of the real one included."""
        variables = {}
        if profile.provider is not None:
            version = "" if profile.provider.kind == "anthropic" else "/v1"  # a command line adds what is missing
            variables = {ENDPOINT: f"http://{_NAME}:8080{version}", profile.key_variable: self.token}
            if profile.model and not profile.endpoint:
                variables[MODEL] = profile.model.removeprefix(OPENAI)
        if profile.egress:
            proxy, direct = f"http://{_NAME}:8081", f"{_NAME},localhost,127.0.0.1"
            named = {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": direct}
            variables |= named | {name.lower(): value for name, value in named.items()}
        return variables


def open_gateway(
    client: docker.DockerClient,
    image: str,
    profile: AgentProfile,
    labels: Labels,
    secrets: Mapping[str, str],
    left: Budget | None,
    way_out: WayOut = STRAIGHT,
    marks: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> Gateway:
    """Start a gateway and wait until it is ready. Nothing is left behind by any failure.

    :param labels: of the agent.
    :param secrets: values by variable, of which it takes the provider's key.
    :param left: what this attempt may use.
    :param way_out: how it reaches the outside.
    :param marks: further labels by which it is found.
    :param names: what to call the limit of a unit, where it is a part of another budget.
    :raises GatewayFailed: it ended, or did not get ready in time.
    """
    made = Gateway(random.token_hex(8), f"phaseplan-{random.token_hex(24)}")
    own, found_by = labels.playing("gateway"), {**(marks or {}), PAIR: made.pair}
    container_id = engine.create(client, _spec(image, own, profile.network, found_by))
    try:
        network.create_internal(client, made.pair, own.as_dict())
        key = secrets.get(profile.key_variable, "").strip()
        rules = policy(profile, made.token, left, names) | way_out.policy
        files = {"policy.json": json.dumps(rules).encode(), "key": key.encode(), **way_out.files}
        with engine_errors():
            client.api.put_archive(container_id, "/", _archive(files, ("phaseplan", "phaseplan/record")))
            client.api.connect_container_to_network(container_id, made.network, aliases=[_NAME])
        engine.start(client, container_id)
        _wait(client, container_id)
        with engine_errors():  # it has read the key: from now on no disk holds it
            client.api.put_archive(container_id, "/", _archive(dict.fromkeys(("key", *way_out.passing), b"")))
    except BaseException:
        close(client, labels, made.pair)
        raise
    return made


def _spec(image: str, labels: Labels, outside: str, marks: Mapping[str, str]) -> Spec:
    """Describe a gateway's container, in the network that leads out."""
    return Spec(image, labels, f"{USER}:{USER}", MEMORY, pids=64, network=outside, mounted=False, marks=marks)


def policy(
    profile: AgentProfile, token: str, left: Budget | None, names: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return what a gateway is told of its attempt, except the key."""
    limits = {"tokens": left.tokens if left else None, "usd": left.usd if left else None}
    return {
        "token": token,
        "provider": profile.provider.model_dump() if profile.provider else None,
        "egress": list(profile.egress),
        "budget": {**limits, "names": dict(names or {})},
        "prices": profile.known_prices,
        "wait": _WAIT,
        "record_limit": _RECORD,
    }


def _archive(files: Mapping[str, bytes], folders: tuple[str, ...] = ()) -> bytes:
    """Pack files that only the gateway's user reads, and folders in which it writes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in folders:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode, folder.uid, folder.gid = tarfile.DIRTYPE, 0o755, USER, USER
            tar.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(f"phaseplan/{name}")
            info.size, info.mode, info.uid, info.gid = len(data), 0o400, USER, USER
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _wait(client: docker.DockerClient, container_id: str) -> None:
    """Wait until a gateway says that it is ready."""
    until, lines = time.monotonic() + _PATIENCE, [""]
    while READY not in lines:
        found = engine.look(client, container_id)  # before its log, so that nothing it said at its end is missed
        lines = list(sentences(client, container_id))
        last = f" Its last line: {lines[-1]}" if lines else ""
        if READY not in lines and found.status != "running":
            raise GatewayFailed(
                f"the gateway ended before it was ready (exit code {found.exit_code}): is its image that of this "
                f"Phaseplan? Build it again (make images).{last}"
            )
        if READY not in lines and time.monotonic() > until:
            raise GatewayFailed(
                f"the gateway was not ready within {_PATIENCE:g} s: does the machine have too much to do?{last}"
            )
        time.sleep(0 if READY in lines else 0.1)


def gateway_of(client: docker.DockerClient, agent: Found) -> Found | None:
    """Find the gateway of an agent; None where it has none, or where it is gone."""
    pair = agent.marks.get(PAIR)
    return next(iter(_found(client, agent.labels, pair)), None) if pair else None


def _found(client: docker.DockerClient, labels: Labels, pair: str) -> list[Found]:
    gateways = engine.find(
        client, ledger=labels.ledger, phase=labels.phase, branch=labels.branch, attempt=labels.attempt, role="gateway"
    )
    return [gateway for gateway in gateways if gateway.marks.get(PAIR) == pair]


def ended_first(user: Found, gateway: Found) -> str:
    """Say how a gateway ended that did so before what used it; empty: it did not.

    An engine hears of each end separately: under load it may note the end of a killed gateway after that of its user,
    which had lost its connection by it.
    """
    if gateway.status != "exited" or not user.finished_at:
        return ""
    after = (moment(gateway.finished_at) - moment(user.finished_at)).total_seconds()
    if after >= (0 if gateway.exit_code in (0, LOST) else _DISORDER):
        return ""
    return f"ended first (exit code {gateway.exit_code}{', out of memory' if gateway.oom else ''})"


def close(client: docker.DockerClient, labels: Labels, pair: str) -> None:
    """Remove the gateway that has a mark, and its network; what is gone already is fine."""
    gateways = _found(client, labels, pair)
    for gateway in gateways:
        close_found(client, gateway)
    if not gateways:
        network.remove_internal(client, pair)


def close_found(client: docker.DockerClient, gateway: Found) -> None:
    """Remove a gateway and its network, the container last: it is by the container that both are found."""
    engine.stop(client, gateway.id, grace=2)
    if pair := gateway.marks.get(PAIR):
        network.remove_internal(client, pair)
    engine.remove(client, gateway.id)


def remove_agent(client: docker.DockerClient, agent: Found, *, keep_volume: bool = False) -> None:
    """Remove an agent's container with its gateway, if it has one; see `engine.remove`."""
    engine.remove(client, agent.id, keep_volume=keep_volume)
    if pair := agent.marks.get(PAIR):
        close(client, agent.labels, pair)


def orphans(found: Iterable[Found]) -> list[Found]:
    """List the gateways among containers whose agents are not among them."""
    containers = list(found)
    pairs = {container.marks.get(PAIR) for container in containers if container.labels.role == "agent"}
    return [c for c in containers if c.labels.role == "gateway" and c.marks.get(PAIR) not in pairs]
