"""Engines behind TLS and ssh: certificates of a connection are shown, its authority alone is trusted."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import docker
import pytest

from phaseplan.airflow.operators.engines import fleet as operators_fleet
from phaseplan.airflow.operators.engines import keys_of
from phaseplan.airflow.triggers.engine_address import EngineAddress
from phaseplan.attempt.secrets import SecretMissing
from phaseplan.config.settings import PREFIX, settings
from phaseplan.containers.docker_url import normal
from phaseplan.containers.engine_errors import EngineUnreachable
from phaseplan.containers.engines.address import Keys, open_engine
from phaseplan.containers.engines.fleet import Fleet
from phaseplan.containers.identity import engine_of
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.plan.engines import EngineEntry
from tests.certificates import Authority

pytestmark = pytest.mark.docker


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[str, Authority]]:
    """The machine's engine at a TCP port, to which only certificates of one authority lead."""
    authority = Authority("engines of a test")
    for name, text in zip(("cert.pem", "key.pem"), authority.sign("engine"), strict=True):
        (tmp_path / name).write_text(text)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    door = socket.create_server(("127.0.0.1", 0))
    path = normal(settings().docker_url).removeprefix("unix://")

    def serve(raw: socket.socket) -> None:
        try:
            came = context.wrap_socket(raw, server_side=True)
        except (OSError, ssl.SSLError):
            return
        with came, socket.socket(socket.AF_UNIX) as behind:
            behind.connect(path)
            way_in = threading.Thread(target=_pump, args=(came, behind), daemon=True)
            way_in.start()
            _pump(behind, came)
            way_in.join(5)

    def listen() -> None:
        while True:
            try:
                raw, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(raw,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    yield f"tcp://127.0.0.1:{door.getsockname()[1]}", authority
    door.close()


def _connection(authority: Authority, signer: Authority) -> SimpleNamespace:
    certificate, key = signer.sign("worker")
    return SimpleNamespace(password=key, extra_dejson={"certificate": certificate, "authority": authority.pem})


def test_an_engine_behind_tls_is_reached_with_the_keys_of_a_connection(
    guarded: tuple[str, Authority], client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, authority = guarded
    entry = EngineEntry(url=url, agents=1, connection="c")
    keys = keys_of(_connection(authority, authority), entry)
    assert "BEGIN" not in repr(keys)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))  # for other programs
    opened = open_engine(url, keys)
    assert engine_of(opened) == engine_of(client)
    opened.close()
    address = EngineAddress("", "")
    address._url, address._keys = url, keys

    async def version() -> str:
        async with address.asynchronous() as asked:
            return str((await asked.version())["Version"])

    assert asyncio.run(version()) == client.version()["Version"]


@pytest.mark.parametrize("wrong", ["certificate", "authority"])
def test_neither_a_stranger_is_let_in_nor_a_strange_engine_trusted(guarded: tuple[str, Authority], wrong: str) -> None:
    url, authority = guarded
    other = Authority("strangers")
    known = (authority, other) if wrong == "certificate" else (other, authority)
    with pytest.raises(EngineUnreachable):
        open_engine(url, keys_of(_connection(*known), EngineEntry(url=url, agents=1, connection="c")))


def test_a_connection_that_lacks_something_says_what_and_shows_nothing() -> None:
    entry, own = EngineEntry(url="tcp://h:1", agents=1, connection="c"), Authority("own")
    with pytest.raises(
        SecretMissing, match=r"`c` of engine tcp://h:1 has no authority and no key. Next: write it \(PEM\)"
    ):
        keys_of(SimpleNamespace(password="", extra_dejson={"certificate": "x"}), entry)
    mixed = Keys(own.pem, own.sign("a")[0], own.sign("b")[1])
    with pytest.raises(InputFault, match="cannot be used: KEY_VALUES_MISMATCH") as caught:
        mixed.context()
    assert "BEGIN" not in str(caught.value)
    with pytest.raises(InputFault, match="cannot be used"):
        Keys("no pem", "no pem", "no pem").context()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """A program called ssh that reaches the machine's engine, and writes down what it was asked."""
    path = normal(settings().docker_url).removeprefix("unix://")
    words = tmp_path / "words"
    (tmp_path / "ssh").write_text(
        f'#!/bin/sh\necho "$@" >> {words}\nexec python3 -c \'\n'
        "import os, socket, sys, threading\n"
        f's = socket.socket(socket.AF_UNIX); s.connect("{path}")\n'
        "def out():\n"
        "    while b := s.recv(65536): os.write(1, b)\n"
        "    os._exit(0)\n"
        "threading.Thread(target=out, daemon=True).start()\n"
        "while b := os.read(0, 65536): s.sendall(b)\n"
        "'\n"
    )
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return lambda: words.read_text()


def test_an_engine_is_reached_by_ssh_and_the_triggerer_says_that_it_follows_none_there(
    ssh: Callable[[], str], client: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_engine("ssh://me@far.example.org:2222", None)
    assert engine_of(opened) == engine_of(client)
    container = opened.containers.create("debian:bookworm-slim", ["cat"], stdin_open=True)
    try:
        taken = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
        container.start()
        taken._sock.sendall(b"word\n")
        assert b"word" in taken._sock.recv(100), "a stream in both directions"
        taken.close()
    finally:
        container.remove(force=True)
    opened.close()
    assert "-l me -p 2222 -- far.example.org docker system dial-stdio" in ssh()
    file = tmp_path / "engines.yaml"
    file.write_text("far: {url: 'ssh://me@far.example.org:2222', agents: 1}\n")
    monkeypatch.setenv(f"{PREFIX}ENGINES", str(file))
    words: list[str] = []
    assert not asyncio.run(EngineAddress("", "far").resolve(words.append))
    assert words == ["Engine far is reached by ssh, over which the triggerer follows no container."]


def test_an_engine_that_does_not_answer_is_asked_once_a_step() -> None:
    asked: list[str] = []

    def opener(entry: EngineEntry) -> docker.DockerClient:
        asked.append(str(entry.url))
        return open_engine(str(entry.url), None)

    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"tcp://127.0.0.1:{door.getsockname()[1]}"
    fleet, words = Fleet({"far": EngineEntry(url=url, agents=1)}, None, opener), list[str]()
    assert (list(fleet.places(words.append)), fleet.by_id(words.append)) == ([], {})
    assert asked == [url] and words[0] == words[1]
    assert words[0].startswith(f"Left out: engine far ({url}) nothing answers at {url}")


def test_a_broken_engines_file_is_waited_for_in_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "engines.yaml").write_text("far: {agents: 1")
    monkeypatch.setenv(f"{PREFIX}ENGINES", str(tmp_path / "engines.yaml"))
    with pytest.raises(Infrastructure, match=r"engines.yaml:2:1: PP105"):
        operators_fleet(None)
