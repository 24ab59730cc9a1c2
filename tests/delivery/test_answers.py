"""What a forge may answer instead of doing what it was asked, in words with a next step; the token is in none."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from phaseplan.airflow.operators.retrying import ByCause
from phaseplan.delivery.errors import ForgeAway, ForgeRefuses
from phaseplan.delivery.place import Access, forge_of
from phaseplan.errors import Lasting
from tests.delivery.place import Shop, plan
from tests.delivery.standin.server import TOKEN

ECHO = {"message": f"Validation Failed for {TOKEN}", "errors": [{"message": "base invalid"}]}


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "words"),
    [
        (401, {}, {"message": "Bad credentials"}, ForgeRefuses, "put a new one into the password of the connection"),
        (403, {}, {"message": "Resource not accessible"}, ForgeRefuses, "right to read the repository"),
        (404, {}, {"message": "Not Found"}, ForgeRefuses, "compare `project`"),
        (422, {}, ECHO, ForgeRefuses, "base invalid"),
        (301, {"Location": "https://evil.example.com/"}, {}, ForgeRefuses, "it has moved"),
        (307, {"Location": "/elsewhere"}, {}, ForgeRefuses, "it has moved"),
        (200, {"Content-Type": "text/html"}, b"<html>Sign in</html>", ForgeRefuses, "no JSON"),
        (429, {"Retry-After": "42"}, {}, ForgeAway, "asks to wait 42 s"),
        (403, {"Retry-After": "7"}, {"message": "secondary rate limit"}, ForgeAway, "asks to wait 7 s"),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, {}, ForgeAway, "too many requests"),
        (502, {}, b"<html>Bad gateway</html>", ForgeAway, "with 502"),
    ],
)
def test_an_answer_is_put_into_words(
    hub: Shop, caplog: pytest.LogCaptureFixture, status: int, headers: dict[str, str], body: Any, kind: Any, words: str
) -> None:
    caplog.set_level(logging.DEBUG)
    token = hub.built(plan())
    hub.forge.answers = [(status, headers, body)]
    with pytest.raises(kind, match=words) as refused:
        hub.deliver(token)
    assert isinstance(refused.value, Lasting) is (kind is ForgeRefuses)
    seen = str(refused.value) + caplog.text + hub.record.model_dump_json() + "".join(hub.words)
    assert TOKEN not in seen and "evil.example.com" not in str(refused.value)
    assert hub.forge.calls == [hub.forge.calls[0]], "no redirect is followed"
    assert hub.record.state == "failed" and hub.record.problem and str(hub.record).startswith("not delivered: ")
    assert hub.nights.ledger().run.complete  # type: ignore[union-attr]
    assert hub.deliver(token).news and hub.record.problem == "", "a second try is all that it takes"


def test_a_forge_that_is_away_is_waited_for_as_long_as_it_asks() -> None:
    policy = ByCause(delay=10.0)
    away = RuntimeError("infrastructure")
    away.__cause__ = ForgeAway("the forge answered with 429", 120.0)
    decision = policy.evaluate(away, 1, 12)
    assert decision.action.value == "retry" and decision.retry_delay.total_seconds() == 120.0  # type: ignore[union-attr]
    assert policy.evaluate(away, 12, 12).action.value == "retry", "for more than an hour"


def test_no_answer_at_all(hub: Shop) -> None:
    token = hub.built(plan())
    hub.forge.port, port = 1, hub.forge.port
    with pytest.raises(ForgeAway, match=r"127.0.0.1 \(connection `phaseplan_forge`\) does not answer: Connect"):
        hub.deliver(token)
    hub.forge.port = port


def test_a_certificate_that_nobody_vouches_for_gets_no_token(tmp_path: Path) -> None:
    """Over TLS by a stranger: the handshake fails before anything is sent."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command = [*words, "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError), context.wrap_socket(server.accept()[0], server_side=True) as line:
                heard.append(line.recv(9999))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        access = Access("forge", f"https://localhost:{server.getsockname()[1]}", "gitea", TOKEN)
        with pytest.raises(ForgeRefuses, match=r"is not trusted: .*CERTIFICATE_VERIFY_FAILED.*Next: let SSL_CERT_FILE"):
            forge_of(access, plan().deliver, "").forge.tip("main")
        thread.join(10)
    assert heard in ([], [b""])


def test_a_wrong_token(shop: Shop) -> None:
    token = shop.built(plan())
    shop.token = "another"
    with pytest.raises(ForgeRefuses, match=r"answered GET .* with 401.*Next: put a new one"):
        shop.deliver(token)


def test_a_wrong_project_is_not_written_to(shop: Shop) -> None:
    with pytest.raises(ForgeRefuses, match=r"404.*Next: compare `project`"):
        shop.night(plan(deliver={"project": "acme/other"}))
    assert shop.forge.pulls == []


def test_another_repository_that_has_such_a_branch_is_not_written_to(hub: Shop) -> None:
    """The forge must show the very commit."""
    token = hub.built(plan())
    hub.forge.answers = [(200, {}, []), (200, {}, {"commit": {"sha": "f" * 40}})]
    with pytest.raises(ForgeAway, match="names another repository than the target"):
        hub.deliver(token)
    assert hub.forge.pulls == []


def test_a_forge_that_is_away_as_a_run_begins_is_waited_for(hub: Shop) -> None:
    """Without its word, work that was merged could be built again."""
    hub.night(plan())
    hub.nights.push_main({"docs/more": "x\n"})
    hub.forge.answers = [(503, {}, {})]
    with pytest.raises(ForgeAway):
        hub.look(plan())
    hub.forge.answers = [(401, {}, {})]
    hub.look(plan())
    assert "is not known, so only files are compared" in hub.words[-1]
