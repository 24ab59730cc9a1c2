"""The engine's door: finding, hardening, following, and errors in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from requests import sessions

from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ContainerGone, EngineUnreachable, ImageMissing
from phaseplan.containers.labels import Labels, filters
from phaseplan.containers.log_following import Cursor, follow, lines
from phaseplan.containers.redact import Redactor
from tests.container.conftest import AGENT, COLLECTOR

docker_test = pytest.mark.docker


def labels(ledger: str, **fields: object) -> Labels:
    return Labels(
        **{"ledger": ledger, "phase": 5, "branch": "5.1.1", "attempt": 1, "claim": "r/0", "role": "agent", **fields}
    )


@pytest.fixture
def shell(client: docker.DockerClient, ledger: str) -> Iterator[object]:
    """Start a container that runs a line of shell."""

    def run(script: str, **fields: object) -> str:
        spec = engine.Spec(
            image=AGENT,
            labels=labels(ledger, **fields),
            user="1000:1000",
            memory=128 << 20,
            command=("sh", "-c", script),
        )
        made = engine.create(client, spec)
        engine.start(client, made)
        return made

    return run


@docker_test
def test_no_proxy_is_looked_for_on_the_way_to_a_socket(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "get_environ_proxies", lambda *_, **__: pytest.fail("a proxy was looked for"))
    assert client.api.base_url.startswith("http+docker://"), "the tests' engine is behind a socket"
    client.api.info()


def test_labels_are_read_back_unchanged() -> None:
    ours = labels("abc")
    assert Labels.from_dict({**ours.as_dict(), "other": "x"}) == ours
    assert ours.playing("gate").role == "gate"
    with pytest.raises(ValueError, match="not the labels"):
        Labels.from_dict({"phaseplan.role": "agent"})
    assert filters(phase=5) == ["phaseplan.ledger", "phaseplan.phase=5"]
    with pytest.raises(KeyError):
        filters(phases=5)


def test_the_redactor_replaces_every_form_of_a_secret() -> None:
    hide = Redactor(["abcd", "abcdef", "x", "", "two\nlines"])
    assert hide("abcdefg abcd x two lines") == "***g *** x two ***"
    assert Redactor([])("abcd") == "abcd"


def test_lines_are_cut_and_replaced() -> None:
    frames = [b"T1 short\n", b"T2 " + b"x" * 5000, b"T3 " + b"y" * 5000 + b"\n", b"T4 \xff\r\n", b"T5 open"]
    assert list(lines(frames, Cursor())) == [
        "short",
        "x" * 4096 + " [5,904 more characters of this line are not shown]",
        "\ufffd",
        "open",
    ]


def test_stamps_of_one_second_compare_by_their_fraction() -> None:
    frames = [b"2024-01-01T00:00:00.1Z a\n", b"2024-01-01T00:00:00.12Z b\n", b"2024-01-01T00:00:01Z c\n"]
    assert list(lines(frames, Cursor("2024-01-01T00:00:00.110000000Z"))) == ["b", "c"]


def test_an_engine_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachable, match="start it"):
        engine.connect(f"unix://{tmp_path}/none.sock")


@docker_test
def test_a_socket_address_with_two_slashes_is_normalized(client: docker.DockerClient) -> None:
    if not Path("/var/run/docker.sock").exists():
        pytest.skip("the engine is not on the default socket")
    opened = engine.connect("unix://var/run/docker.sock")
    assert opened.ping()
    opened.close()


@docker_test
def test_every_container_is_hardened(client: docker.DockerClient, ledger: str, shell) -> None:
    made = shell("sleep 30")
    host = client.api.inspect_container(made)["HostConfig"]
    assert (host["NetworkMode"], host["CapDrop"], host["Init"], host["PidsLimit"]) == ("none", ["ALL"], True, 512)
    assert host["SecurityOpt"] == ["no-new-privileges:true"] and host["Memory"] == host["MemorySwap"] == 128 << 20
    assert host["LogConfig"]["Config"]["max-size"] and not host["Binds"] and host["NanoCpus"] == 1_000_000_000
    volume = engine.volume_of(client, made)
    assert client.volumes.get(volume).attrs["Labels"]["phaseplan.ledger"] == ledger
    began = time.monotonic()
    engine.stop(client, made, grace=1)
    assert time.monotonic() - began < 5
    engine.remove(client, made)
    engine.remove(client, made)
    engine.stop(client, made)
    with pytest.raises(docker.errors.NotFound):
        client.volumes.get(volume)
    with pytest.raises(ContainerGone):
        engine.look(client, made)


@docker_test
def test_a_health_check_of_the_image_does_not_run_as_root(client: docker.DockerClient, ledger: str) -> None:
    spec = engine.Spec(AGENT, labels(ledger), "1000:1000", 64 << 20, command=("true",), own_pid1=True)
    config = client.api.inspect_container(engine.create(client, spec))["Config"]
    assert config["Healthcheck"]["Test"] == ["NONE"] and config["StopSignal"] == "SIGTERM"


@docker_test
def test_containers_are_found_by_their_labels(client: docker.DockerClient, ledger: str, shell) -> None:
    first, second = shell("sleep 0.3; exit 4"), shell("sleep 30", claim="r/1", branch="5.1.2")
    follow(client, first, lambda _: None, 20)
    assert {f.id for f in engine.find(client, ledger=ledger)} == {first, second}
    (mine,) = engine.find(client, ledger=ledger, claim="r/0")
    assert (mine.status, mine.exit_code, mine.oom) == ("exited", 4, False) and mine.finished_at > mine.started_at
    (other,) = engine.find(client, ledger=ledger, branch="5.1.2")
    assert (other.status, other.exit_code, other.finished_at) == ("running", None, "")
    assert engine.find(client, ledger="nobody") == []


@docker_test
def test_follow_continues_from_its_cursor(client: docker.DockerClient, shell) -> None:
    made = shell("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done; exit 3")
    lines: list[str] = []
    cursor = Cursor()
    began = time.monotonic()
    assert follow(client, made, lines.append, 0.7, cursor=cursor) is None
    assert time.monotonic() - began < 1.5 and 0 < len(lines) < 8
    ended = follow(client, made, lines.append, 20, cursor=Cursor(cursor.stamp))
    assert ended and ended.code == 3 and lines == list("12345678")


@docker_test
def test_image_digest_returns_the_id_and_raises_for_a_missing_image(client: docker.DockerClient) -> None:
    assert engine.image_digest(client, COLLECTOR).startswith("sha256:")
    with pytest.raises(ImageMissing, match=r"image phaseplan-test/none:2 is not"):
        engine.image_digest(client, "phaseplan-test/none:2")
