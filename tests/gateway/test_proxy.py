"""A gateway that reaches the outside through a company's proxy, and trusts a company's certificates."""

from __future__ import annotations

import base64
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.gateway import scripted
from tests.gateway.conftest import KEY, Gateway, Start
from tests.gateway.proxy import Proxy, serving
from tests.gateway.test_egress import connect, echo
from tests.gateway.test_faults import certificate

__all__ = ["echo"]

LOGIN = "me:pass-of-the-proxy-0123"


def through(start: Start, folder: Path, proxy: Proxy, login: str = "", **more: object) -> Gateway:
    """Start a gateway that has a proxy."""
    (folder / "proxy").write_bytes(base64.b64encode(login.encode()))
    return start(version=2, proxy=proxy.url, folder=folder, **more)


@pytest.mark.parametrize("login", ["", LOGIN])
def test_the_provider_is_asked_through_the_proxy_by_its_name(
    start: Start, provider: scripted.Provider, tmp_path: Path, login: str
) -> None:
    with serving(Proxy({"models.example:80": provider.port}, login)) as proxy:
        here = {"kind": "anthropic", "base_url": "http://models.example"}
        gateway = through(start, tmp_path, proxy, login, provider=here)
        assert gateway.message().status == 200 and gateway.message().status == 200
    assert set(proxy.asked) == {"CONNECT models.example:80 HTTP/1.1"}
    assert KEY not in "".join(proxy.heads)
    assert not [name for name in provider.asked[0].headers if name.startswith("proxy-")]
    (tmp_path / "proxy").unlink()
    assert not [form for form in (LOGIN.encode(), base64.b64encode(LOGIN.encode())) if form in gateway.everything()]


def test_tls_to_the_provider_ends_in_the_gateway_also_through_a_proxy_that_speaks_tls(
    start: Start, tmp_path: Path
) -> None:
    tls = certificate(tmp_path)
    with scripted.serving(tls) as provider:
        here = {"kind": "anthropic", "base_url": provider.url}
        names = {f"127.0.0.1:{provider.port}": provider.port}
        with serving(Proxy(names, LOGIN), tls) as proxy:
            gateway = through(start, tmp_path, proxy, LOGIN, provider=here, ca=str(tmp_path / "ca.pem"))
            assert gateway.message().status == 200 and provider.asked[0].headers["x-api-key"] == KEY
            gateway.stop()
            gateway = through(start, tmp_path, proxy, LOGIN, provider=here)
            assert gateway.message().json["error"]["type"] == "provider_untrusted"
        with serving(Proxy(names)) as proxy:
            gateway = through(start, tmp_path, proxy, provider=here, ca=str(tmp_path / "ca.pem"))
            assert gateway.message().status == 200
            assert KEY not in "".join(proxy.heads)


@pytest.mark.parametrize(("status", "words"), [(0, "answers 407, so it does not take our login"), (403, "answers 403"),
                                               (502, "answers 502")])  # fmt: skip
def test_a_proxy_that_refuses_is_trouble_with_the_provider(
    start: Start, tmp_path: Path, provider: scripted.Provider, status: int, words: str
) -> None:
    with serving(Proxy({}, LOGIN, status)) as proxy:
        here = {"kind": "anthropic", "base_url": "http://models.example"}
        gateway = through(start, tmp_path, proxy, "me:another", provider=here, wait=0.5)
        answer = gateway.message()
    assert answer.status == 503 and words in answer.json["error"]["message"], answer.json
    assert gateway.usage()["trouble"]["status"] == 0 and words in gateway.usage()["trouble"]["message"]
    assert "secret" not in answer.body.decode() and provider.asked == []


def test_hosts_of_no_proxy_are_reached_straight(start: Start, tmp_path: Path, provider: scripted.Provider) -> None:
    with serving(Proxy({})) as proxy:
        gateway = through(start, tmp_path, proxy, no_proxy=["127.0.0.0/8"])
        assert gateway.message().status == 200
    assert proxy.asked == []


def test_a_tunnel_of_the_agent_goes_through_the_proxy_which_looks_the_name_up(
    start: Start, tmp_path: Path, echo: int
) -> None:
    with serving(Proxy({"no-such-name.invalid:443": echo}, LOGIN)) as proxy:
        gateway = through(start, tmp_path, proxy, LOGIN, egress=["no-such-name.invalid", "other.invalid"])
        status, _, sock = connect(gateway, "no-such-name.invalid:443")
        with sock:
            assert status == 200
            sock.sendall(b"hello")
            sock.shutdown(1)
            assert sock.recv(100) == b"HELLO"
        status, words, sock = connect(gateway, "other.invalid:443")
        sock.close()
        assert status == 502 and "answers 502" in words and "secret" not in words
        for target in ("elsewhere.invalid:443", "no-such-name.invalid:22", "169.254.169.254:80", "127.0.0.1:443"):
            status, words, sock = connect(gateway, target)
            sock.close()
            assert status == 403, target
    assert len(proxy.asked) == 2, "what is not named is refused here, and the proxy is not asked"


def test_plain_http_of_the_agent_is_given_to_the_proxy_whole_and_never_brings_its_login_back(
    start: Start, tmp_path: Path
) -> None:
    with serving(Proxy({}, LOGIN)) as proxy:
        gateway = through(start, tmp_path, proxy, LOGIN, egress=["files.invalid"])
        mine = {"Proxy-Authorization": "Basic mine", "X-Mine": "1"}
        answer = gateway.ask("http://files.invalid/a?b=c", None, mine, method="GET", port=1)
        assert (answer.status, answer.body) == (200, b"by proxy")
        assert proxy.asked == ["GET http://files.invalid/a?b=c HTTP/1.1"] and "Basic mine" not in proxy.heads[0]
        assert "x-mine: 1" in proxy.heads[0].lower()
        assert gateway.ask("http://files.invalid/", None, {}, method="TRACE", port=1).status == 405
    assert len(proxy.asked) == 1


def test_a_private_host_is_reached_straight(start: Start, tmp_path: Path, provider: scripted.Provider) -> None:
    host = f"localhost:{provider.port}"
    with serving(Proxy({})) as proxy:
        gateway = through(start, tmp_path, proxy, egress=[f"private:{host}"])
        assert gateway.ask(f"http://{host}/", None, {}, method="GET", port=1).status == 200
    assert proxy.asked == [] and len(provider.asked) == 1


@pytest.mark.parametrize(
    ("entry", "host", "port", "direct"),
    [("corp.example", "a.corp.example", 443, True), (".corp.example", "corp.example", 443, True),
     ("*.corp.example", "a.b.corp.example", 80, True), ("corp.example", "notcorp.example", 443, False),
     ("corp.example:8443", "corp.example", 8443, True), ("corp.example:8443", "corp.example", 443, False),
     ("10.0.0.0/8", "10.1.2.3", 443, True), ("10.0.0.0/8", "11.1.2.3", 443, False), ("10.0.0.0/8", "a.b", 1, False),
     ("::1", "::1", 443, True), ("*", "anything", 1, True)],
)  # fmt: skip
def test_what_no_proxy_covers(gateway_code: None, entry: str, host: str, port: int, direct: bool) -> None:
    import importlib

    upstream: ModuleType = importlib.import_module("gateway.upstream")
    policy = SimpleNamespace(ca=None, proxy="http://proxy.example:3128", no_proxy=(entry,))
    assert upstream.Upstream(policy, "").proxied(host, port) is not direct
    assert not upstream.Upstream(SimpleNamespace(ca=None, proxy=None, no_proxy=()), "").proxied(host, port)
