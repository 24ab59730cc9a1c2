"""The proxy lets an agent reach the hosts of its profile, and nothing inside a network that it did not name."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from types import ModuleType

import pytest

from tests.gateway import scripted
from tests.gateway.conftest import Gateway, Start


def connect(gateway: Gateway, target: str) -> tuple[int, str, socket.socket]:
    """Ask for a tunnel; the status, what was answered, and the connection."""
    sock = socket.create_connection(("127.0.0.1", gateway.ports[1]), timeout=30)
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(4096)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        body += sock.recv(4096)
    return int(head.split()[1]), body.decode(), sock


@pytest.fixture
def echo() -> int:
    """A server that answers each connection with what it was sent, in capitals, and ends."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server:
            peer, _ = server.accept()
            with peer:
                data = b""
                while part := peer.recv(65536):
                    data += part
                peer.sendall(data.upper())

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


def test_a_tunnel_to_an_allowed_host_carries_bytes_both_ways(start: Start, echo: int) -> None:
    gateway = start(egress=[f"private:localhost:{echo}"])
    status, _, sock = connect(gateway, f"localhost:{echo}")
    with sock:
        assert status == 200
        sock.sendall(b"hello " * 50_000)
        sock.shutdown(socket.SHUT_WR)
        data = b""
        while part := sock.recv(65536):
            data += part
    assert data == b"HELLO " * 50_000
    assert gateway.usage()["refused"] == {}


def test_a_host_that_is_not_on_the_list_is_refused_and_said_once(start: Start) -> None:
    gateway = start(egress=["pypi.org"])
    for target in ("example.org:443", "example.org:443", "pypi.org:22", "pypi.org.example.org:443"):
        status, words, sock = connect(gateway, target)
        sock.close()
        assert status == 403 and target in words and "egress" in words
    assert gateway.usage()["refused"] == {"example.org:443": 2, "pypi.org:22": 1, "pypi.org.example.org:443": 1}
    gateway.wait_for(lambda: len(gateway.said) == 3)
    assert [line for line in gateway.said if line.startswith("example.org:443 is not among the hosts")]


#: One address in many spellings, and others that no name stands for.
BARE = ["127.0.0.1:80", "169.254.169.254:80", "10.1.2.3:443", "1.1.1.1:443", "[::1]:80", "[::ffff:127.0.0.1]:80",
        "2130706433:80", "0x7f.1:80", "127.1:80", "0177.0.0.1:80", "[::ffff:7f00:1]:80", "[::7f00:1]:80",
        "[fe80::1%25lo]:80", "[64:ff9b::7f00:1]:80", "0:80", "localhost.:80", "[::]:80"]  # fmt: skip


def test_a_bare_address_is_refused_in_every_spelling(start: Start) -> None:
    gateway = start(egress=["pypi.org", *BARE])
    for target in BARE:
        status, words, sock = connect(gateway, target)
        sock.close()
        assert status == 403, (target, words)


def test_a_name_that_leads_inside_is_refused_unless_it_is_named_so(start: Start, echo: int) -> None:
    gateway = start(egress=[f"localhost:{echo}"])
    status, words, sock = connect(gateway, f"LOCALHOST.:{echo}")
    sock.close()
    assert status == 403 and "inside a private network" in words and f"private:localhost:{echo}" in words
    assert gateway.usage()["refused"] == {f"localhost:{echo}": 1}


def test_an_address_that_is_named_as_private_is_reached(start: Start, echo: int) -> None:
    status, _, sock = connect(start(egress=[f"private:127.0.0.1:{echo}"]), f"127.0.0.1:{echo}")
    sock.close()
    assert status == 200


@pytest.fixture
def addresses(gateway_code: None) -> ModuleType:
    import importlib

    return importlib.import_module("gateway.addresses")


@pytest.mark.parametrize(
    ("text", "inside"),
    [("8.8.8.8", False), ("2606:4700::1111", False), ("64:ff9b::808:808", False), ("127.0.0.1", True),
     ("169.254.169.254", True), ("10.0.0.1", True), ("172.17.0.1", True), ("192.168.1.1", True), ("100.64.0.1", True),
     ("0.0.0.0", True), ("224.0.0.1", True), ("255.255.255.255", True), ("::1", True), ("::", True), ("fe80::1", True),
     ("fd00::1", True), ("::ffff:10.0.0.1", True), ("64:ff9b::7f00:1", True), ("64:ff9b::a9fe:a9fe", True),
     ("2002:7f00:1::", True), ("ff02::1", True), ("::7f00:1", True), ("::a9fe:a9fe", True), ("fec0::1", True),
     ("64:ff9b:1::808:808", True), ("::ffff:8.8.8.8", False), ("2001:0:7f00:1::", True), ("240.0.0.1", True),
     ("192.0.0.170", True), ("198.18.0.1", True)],
)  # fmt: skip
def test_which_addresses_are_inside(addresses: ModuleType, text: str, inside: bool) -> None:
    assert addresses.inside(ipaddress.ip_address(text)) is inside


def test_the_address_that_was_checked_is_the_one_that_is_used(
    addresses: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may lead elsewhere at a second look: there is none."""
    looks = []

    async def answer(_: object, host: str, port: int, **more: object) -> list[object]:
        looks.append(host)
        found = ("169.254.169.254", "93.184.216.34") if host == "mixed.example.org" else ("169.254.169.254",)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", answer)
    egress = addresses.Egress(["mixed.example.org", "rebound.example.org"])
    assert asyncio.run(egress.address("mixed.example.org", 443)) == "93.184.216.34" and len(looks) == 1
    with pytest.raises(addresses.Refused, match=r"169\.254\.169\.254"):
        asyncio.run(egress.address("rebound.example.org", 443))


def test_plain_http_passes_to_an_allowed_host(start: Start, provider: scripted.Provider) -> None:
    host = f"localhost:{provider.port}"
    gateway = start(egress=[f"private:{host}"])
    provider.script.append(lambda handler: handler.say(200, b"a file", {"X-Kept": "yes", "Keep-Alive": "5"}))
    headers = {"Proxy-Authorization": "Basic x", "X-Mine": "1", "Proxy-Connection": "keep-alive"}
    answer = gateway.ask(f"http://{host}/simple/?a=b%20c", None, headers, method="GET", port=1)
    assert (answer.status, answer.body, answer.headers["x-kept"]) == (200, b"a file", "yes")
    assert "keep-alive" not in answer.headers
    (asked,) = provider.asked
    assert asked.path == "/simple/?a=b%20c" and asked.headers["host"] == host and asked.headers["x-mine"] == "1"
    assert not [name for name in asked.headers if name.startswith("proxy-")]
    answer = gateway.ask(f"http://{host}/upload", b"x" * 300_000, {}, method="PUT", port=1)
    assert provider.asked[1].body == b"x" * 300_000


def test_plain_http_elsewhere_is_refused(start: Start, provider: scripted.Provider) -> None:
    gateway = start(egress=[f"private:localhost:{provider.port}"])
    for target in (f"http://127.0.0.1:{provider.port}/", "http://example.org/", "http://169.254.169.254/latest/"):
        answer = gateway.ask(target, None, {}, method="GET", port=1)
        assert answer.status == 403 and "egress" in answer.json["error"]["message"]
    for target in ("/v1/messages", "https://localhost/", "ftp://localhost/"):
        assert gateway.ask(target, None, {}, method="GET", port=1).status == 400
    assert provider.asked == []


def test_hosts_without_end_take_no_room(start: Start) -> None:
    gateway = start()
    for number in range(120):
        assert gateway.ask(f"http://host-{number}.example.org/", None, {}, method="GET", port=1).status == 403
    assert len(gateway.usage()["refused"]) == 100
    gateway.wait_for(lambda: len(gateway.said) == 100)


def test_a_host_that_does_not_answer_is_said_and_counted(start: Start, provider: scripted.Provider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"localhost:{taken.getsockname()[1]}"
    host = f"localhost:{provider.port}"
    gateway = start(egress=[f"private:{host}", f"private:{closed}"])
    for _ in range(2):
        status, words, sock = connect(gateway, closed)
        sock.close()
        assert status == 502 and f"{closed} cannot be reached: " in words
    provider.script.append(scripted.reset)
    answer = gateway.ask(f"http://{host}/", None, {}, method="GET", port=1)
    assert answer.status == 502 and f"{host} did not answer: " in answer.json["error"]["message"]
    assert gateway.usage()["unreached"] == {closed: 2, host: 1} and gateway.usage()["refused"] == {}
    gateway.wait_for(lambda: len(gateway.said) == 2)


def test_a_login_in_an_address_is_neither_said_nor_kept_where_its_host_does_not_answer(
    start: Start, provider: scripted.Provider
) -> None:
    host = f"localhost:{provider.port}"
    gateway = start(egress=[f"private:{host}"])
    provider.script.append(scripted.reset)
    answer = gateway.ask(f"http://me:open-sesame@{host}/", None, {}, method="GET", port=1)
    gateway.wait_for(lambda: len(gateway.said) == 1)
    assert gateway.said[0].startswith(f"{host} did not answer: ")
    assert not [text for text in (*gateway.said, str(gateway.usage()), str(answer.json)) if "sesame" in text]
