"""What a provider does wrong: waited for, passed on, and told from what the agent does wrong."""

from __future__ import annotations

import datetime
import email.utils
import http.client
import importlib
import ipaddress
import json
import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from phaseplan.containers.gateways.record import GatewayRecord
from tests.gateway import scripted
from tests.gateway.conftest import KEY, MODEL, TOKEN, Start


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_is_passed_on_at_once_and_is_trouble(
    start: Start, provider: scripted.Provider, status: int
) -> None:
    gateway = start()
    provider.script += [scripted.refused(status, f"invalid key {KEY}\x1b[31m")] * 2
    answer = gateway.message()
    gateway.message()
    assert answer.status == status and len(provider.asked) == 2
    assert answer.json["error"]["message"] == f"invalid key {'*' * len(KEY)}\x1b[31m"
    trouble = gateway.usage()["trouble"]
    assert trouble["status"] == status and trouble["retry_after"] is None and trouble["at"] > 1.7e9
    assert trouble["message"] == f"invalid key {'*' * len(KEY)} [31m"
    assert gateway.usage()["answered"] == 0
    gateway.wait_for(lambda: len(gateway.said) == 1)
    assert f"refuses the key ({status}): invalid key" in gateway.said[0]


def test_a_good_answer_clears_trouble_and_new_trouble_is_said_again(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    provider.script += [scripted.refused(401), scripted.good, scripted.good, scripted.refused(401)]
    gateway.message()
    assert gateway.usage()["trouble"]["status"] == 401
    gateway.message()
    gateway.message()
    assert gateway.usage()["trouble"] is None and gateway.usage()["answered"] == 2
    gateway.message()
    assert gateway.usage()["trouble"]["status"] == 401 and gateway.usage()["answered"] == 0
    gateway.wait_for(lambda: len([line for line in gateway.said if "(401)" in line]) == 2)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_the_agent_asks_wrongly_is_no_trouble(start: Start, provider: scripted.Provider, status: int) -> None:
    gateway = start()
    provider.script.append(scripted.refused(status, "prompt is too long: 210000 tokens > 200000 maximum"))
    answer = gateway.message()
    assert answer.status == status and "too long" in answer.json["error"]["message"]
    assert gateway.usage()["trouble"] is None and gateway.said == [] and gateway.usage()["models"] == {}
    words = "prompt is too long: 210000 tokens > 200000 maximum"
    assert gateway.usage()["refusal"] == {"status": status, "message": words}
    gateway.message()
    assert gateway.usage()["refusal"] is None, "a later answer is the last one"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"stop_reason": "refusal", "content": []}, "the model refused to answer (refusal)"),
        ({"choices": [{"finish_reason": "content_filter"}]}, "the model refused to answer (content_filter)"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]},
         "its answer was cut off at its limit of length (MAX_TOKENS)"),
        ({"promptFeedback": {"blockReason": "OTHER"}}, "the model refused to answer (OTHER)"),
        ({"type": "response.incomplete", "response": {"incomplete_details": {"reason": "max_output_tokens"}}},
         "its answer was cut off at its limit of length (max_output_tokens)"),
        ({"type": "message_delta", "delta": {"stop_reason": "model_context_window_exceeded"}},
         "the context was full (model_context_window_exceeded)"),
        ({"stop_reason": "an agent's words", "choices": [{"finish_reason": "stop"}], "delta": "refusal"}, ""),
    ],
)  # fmt: skip
def test_an_answer_that_is_a_refusal_or_is_cut_off_is_written_down_in_words(
    start: Start, provider: scripted.Provider, answer: dict[str, object], words: str
) -> None:
    gateway = start()
    event = f"data: {json.dumps(answer)}\n\n".encode()
    provider.script += [lambda handler: handler.say(200, json.dumps(answer).encode()), lambda h: h.stream([event])]
    for _ in provider.script[:]:
        assert gateway.message().status == 200
        assert gateway.usage()["refusal"] == ({"status": 200, "message": words} if words else None)
    assert gateway.usage()["answered"] == 2 and gateway.usage()["trouble"] is None


@pytest.mark.parametrize("header", ["retry-after", "retry-after-ms"])
def test_a_rate_limit_is_waited_for(start: Start, provider: scripted.Provider, header: str) -> None:
    gateway = start()
    value = "1" if header == "retry-after" else "1000"
    provider.script += [scripted.refused(429, "slow down", {header: value})] * 2
    assert gateway.message().status == 200
    first, second, third = provider.asked
    assert second.at - first.at >= 1 and third.at - second.at >= 1
    assert first.body == second.body == third.body
    assert gateway.usage()["trouble"] is None and gateway.usage()["calls"] == 1
    gateway.wait_for(lambda: len(gateway.said) >= 2)
    assert [line for line in gateway.said if "all calls wait for 1 s" in line]


def test_a_date_is_waited_for(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    later = email.utils.formatdate(time.time() + 2, usegmt=True)  # of whole seconds
    provider.script.append(scripted.refused(429, "slow down", {"retry-after": later}))
    assert gateway.message().status == 200
    assert provider.asked[1].at - provider.asked[0].at >= 0.9


def test_a_wait_without_end_leaves_a_readable_record(start: Start, provider: scripted.Provider) -> None:
    gateway = start(wait=1.0)
    provider.script.append(scripted.refused(429, "slow down", {"retry-after": "1e999"}))
    assert gateway.message().status == 429
    record = GatewayRecord.model_validate_json((gateway.folder / "record/usage.json").read_bytes())
    assert record.trouble is not None and (record.trouble.status, record.trouble.retry_after) == (429, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-5", 0.0), ("inf", None), ("1e999", None), ("nan", None), ("soon", None), ("", None),
     ("Wed, 99 Foo 2026", None), ("Wed, 01 Jan 99999 00:00:00 GMT", None), ("Wed, 01 Jan 2020 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_a_wait_is_seconds_or_a_date(gateway_code: None, value: str, seconds: float | None) -> None:
    patience = importlib.import_module("gateway.patience")
    assert patience.retry_after([(b"retry-after", value.encode())]) == seconds


def test_a_provider_that_asks_for_no_wait_is_not_asked_without_end(start: Start, provider: scripted.Provider) -> None:
    gateway = start(wait=3.0)
    provider.script += [scripted.refused(429, "slow down", {"retry-after": "0"})] * 60
    assert gateway.message().status == 429
    assert len(provider.asked) < 8


def test_a_rate_limit_beyond_the_wait_is_passed_on_at_once(start: Start, provider: scripted.Provider) -> None:
    gateway = start(wait=5.0)
    provider.script.append(scripted.refused(429, "tomorrow", {"retry-after": "3600"}))
    answer = gateway.message()
    assert answer.status == 429 and answer.headers["retry-after"] == "3600" and len(provider.asked) == 1
    trouble = gateway.usage()["trouble"]
    assert (trouble["status"], trouble["message"], trouble["retry_after"]) == (429, "tomorrow", 3600.0)


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 529])
def test_a_server_error_is_asked_again(start: Start, provider: scripted.Provider, status: int) -> None:
    gateway = start()
    provider.script.append(scripted.refused(status))
    assert gateway.message().status == 200 and len(provider.asked) == 2
    assert gateway.usage()["trouble"] is None
    assert f"({status})" in gateway.said[0]


def test_a_server_error_that_is_not_to_be_tried_again_is_passed_on(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    provider.script.append(scripted.refused(500, "for good", {"x-should-retry": "false"}))
    assert gateway.message().status == 500 and len(provider.asked) == 1
    assert gateway.usage()["trouble"]["status"] == 500


def test_a_connection_lost_before_the_first_byte_is_tried_again(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    provider.script += [scripted.reset, scripted.reset]
    assert gateway.message().status == 200 and len(provider.asked) == 3
    assert gateway.usage()["trouble"] is None and gateway.usage()["calls"] == 1
    gateway.wait_for(lambda: bool(gateway.said))
    assert "cannot be reached" in gateway.said[0]


def test_a_kept_connection_that_the_provider_closed_is_no_trouble(start: Start, provider: scripted.Provider) -> None:
    gateway = start()

    def then_close(handler: scripted.Handler) -> None:
        scripted.good(handler)
        handler.close_connection = True  # without having said so

    provider.script += [then_close] * 3
    assert [gateway.message().status for _ in range(4)] == [200] * 4
    assert gateway.said == []


def test_a_provider_that_is_down_is_an_error_in_the_agents_protocol(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gateway = start(provider={"kind": "anthropic", "base_url": f"http://127.0.0.1:{port}"}, wait=1.0)
    answer = gateway.message()
    assert answer.status == 503 and answer.json["error"]["type"] == "provider_unreachable"
    assert gateway.usage()["trouble"]["status"] == 0 and gateway.usage()["models"] == {}
    assert gateway.calls()[0]["status"] == 0


def silent(handler: scripted.Handler) -> None:
    """Say nothing until the gateway has hung up."""
    handler.rfile.read(1)


def test_a_silent_provider_counts_as_lost(start: Start, provider: scripted.Provider) -> None:
    gateway = start(silence=1.0, wait=1.0)
    provider.script += [silent] * 4
    answer = gateway.message()
    assert answer.status == 503 and "silent for 1 s" in answer.json["error"]["message"]


def test_a_stream_that_breaks_off_is_passed_on_as_it_is(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    pieces = scripted.events("/v1/messages")[:2]
    pieces.append(pieces[1].replace(b"Done.", b"word " * 100))
    provider.script.append(lambda handler: handler.stream(pieces, end=False))
    connection = gateway.connect()
    connection.request("POST", "/v1/messages", b'{"model":"model-1","stream":true}', {"x-api-key": TOKEN})
    answer = connection.getresponse()
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    answer.close()
    connection.close()
    gateway.wait_for(lambda: gateway.usage()["calls"] == 1)
    usage = gateway.usage()
    assert usage["trouble"]["status"] == 0 and usage["answered"] == 0 and len(provider.asked) == 1
    entry = usage["models"][MODEL]
    assert entry["input"] == 150 and entry["cached"] == 30  # as far as it was said
    assert entry["output"] == 127  # 505 letters of text, four to a token
    assert gateway.calls()[0]["whole"] is False
    gateway.wait_for(lambda: bool(gateway.said))
    assert "broke off" in gateway.said[0]


def test_an_agent_that_hangs_up_is_counted_and_its_call_ends(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    pieces = scripted.events("/v1/messages")
    provider.script.append(lambda handler: handler.stream(pieces[:2] * 50, pause=0.1))
    connection = gateway.connect()
    connection.request("POST", "/v1/messages", b'{"model":"model-1","stream":true}', {"x-api-key": TOKEN})
    connection.getresponse().read(10)
    connection.sock.close()
    connection.close()
    gateway.wait_for(lambda: gateway.usage()["calls"] == 1)
    usage = gateway.usage()
    assert usage["models"][MODEL]["input"] == 150 and usage["models"][MODEL]["output"] >= 1
    assert usage["trouble"] is None  # the provider has done nothing wrong


def test_a_call_that_waits_ends_when_its_agent_hangs_up(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    provider.script.append(scripted.refused(429, "slow down", {"retry-after": "25"}))
    connection = gateway.connect()
    connection.request("POST", "/v1/messages", b'{"model":"model-1"}', {"x-api-key": TOKEN})
    gateway.wait_for(lambda: len(provider.asked) == 1)
    connection.close()
    gateway.wait_for(lambda: gateway.usage()["calls"] == 1)
    assert gateway.usage()["models"] == {} and len(provider.asked) == 1


def test_a_provider_whose_certificate_is_not_trusted_is_not_asked(start: Start, tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    with scripted.serving(tls) as provider:
        here = {"kind": "anthropic", "base_url": provider.url}
        gateway = start(provider=here)
        answer = gateway.message()
        assert answer.status == 503 and answer.json["error"]["type"] == "provider_untrusted" and provider.asked == []
        assert gateway.usage()["trouble"]["status"] == 0
        gateway.wait_for(lambda: bool(gateway.said))
        assert "is not trusted: self-signed certificate" in gateway.said[0]
        gateway.stop()
        gateway = start(provider=here, ca=str(tmp_path / "ca.pem"))
        assert gateway.message().status == 200 and provider.asked[0].headers["x-api-key"] == KEY


def certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate for loopback that only its own file vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=1)
    )
    made = builder.add_extension(addresses, critical=False).sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "server.pem").write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context
