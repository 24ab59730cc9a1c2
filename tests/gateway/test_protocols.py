"""Each protocol passes as it is, with the real key, and its tokens are counted exactly."""

from __future__ import annotations

import gzip
import time
from typing import Any

import pytest

from tests.gateway import scripted
from tests.gateway.conftest import KEY, MODEL, TOKEN, Start

GEMINI = f"/v1beta/models/{MODEL}"
PLAIN = {
    "anthropic": ("/v1/messages", {"model": MODEL, "max_tokens": 10}),
    "chat": ("/v1/chat/completions", {"model": MODEL}),
    "responses": ("/v1/responses", {"model": MODEL}),
    "gemini": (f"{GEMINI}:generateContent", {"contents": []}),
}
STREAMING = {
    **{name: (path, {**body, "stream": True}) for name, (path, body) in PLAIN.items()},
    "gemini": (f"{GEMINI}:streamGenerateContent?alt=sse", {"contents": []}),
}
KINDS = {"anthropic": "anthropic", "chat": "openai", "responses": "openai", "gemini": "gemini"}
CREDENTIAL = {"anthropic": ("x-api-key", KEY), "openai": ("authorization", f"Bearer {KEY}"),
              "gemini": ("x-goog-api-key", KEY)}  # fmt: skip


@pytest.mark.parametrize("protocol", PLAIN)
@pytest.mark.parametrize("asked", [PLAIN, STREAMING], ids=["plain", "streaming"])
def test_an_answer_passes_byte_by_byte_and_its_tokens_are_counted(
    start: Start, provider: scripted.Provider, asked: dict[str, Any], protocol: str
) -> None:
    kind = KINDS[protocol]
    gateway = start(kind)
    path, body = asked[protocol]
    name, value = CREDENTIAL[kind]
    sent = {name: value.replace(KEY, TOKEN), "anthropic-version": "2023-06-01", "anthropic-beta": "some-beta"}

    answer = gateway.ask(path, body, sent)

    direct = b"".join(scripted.events(path.partition("?")[0]))
    assert answer.status == 200
    assert answer.body == direct if asked is STREAMING else answer.json == scripted.whole(path)
    (came,) = provider.asked
    assert came.headers[name] == value and TOKEN not in str(came.headers)
    assert came.headers["anthropic-version"] == "2023-06-01" and came.headers["anthropic-beta"] == "some-beta"
    assert came.path == path
    usage = gateway.usage()
    written = 20 if protocol == "anthropic" else 0  # without a price of its own it is charged as what is read
    cost = ((120 - written) * 3.0 + written * 3.0 + 30 * 0.3 + 7 * 15.0) / 1e6
    assert usage["models"] == {MODEL: {**scripted.TOKENS, "usd": pytest.approx(cost)}}
    assert (usage["calls"], usage["answered"], usage["trouble"], usage["budget"]) == (1, 1, None, None)
    (call,) = gateway.calls()
    assert call["tokens"] == scripted.TOKENS and call["model"] == MODEL and call["status"] == 200 and call["whole"]
    assert call["path"] == path.partition("?")[0]


@pytest.mark.parametrize("header", ["x-api-key", "authorization", "x-goog-api-key", "query"])
def test_the_token_is_taken_wherever_a_command_line_puts_it(
    start: Start, provider: scripted.Provider, header: str
) -> None:
    gateway = start("gemini")
    path = f"{GEMINI}:generateContent"
    if header == "query":
        answer = gateway.ask(f"{path}?key={TOKEN}&alt=json", {}, {})
        assert provider.asked[0].path == f"{path}?alt=json"
    else:
        answer = gateway.ask(path, {}, {header: f"Bearer {TOKEN}" if header == "authorization" else TOKEN})
    assert answer.status == 200 and provider.asked[0].headers["x-goog-api-key"] == KEY


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/messages", lambda data: data["error"]["type"]),
        ("/v1/chat/completions", lambda data: data["error"]["code"]),
        (f"{GEMINI}:generateContent", lambda data: data["error"]["status"]),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"authorization": f"Bearer {KEY}"}])
def test_a_wrong_token_never_reaches_the_provider(
    start: Start, provider: scripted.Provider, path: str, shape: Any, headers: dict[str, str]
) -> None:
    gateway = start()
    answer = gateway.ask(path, {"model": MODEL}, headers)
    assert answer.status == 401 and shape(answer.json) == "authentication_error"
    assert provider.asked == [] and gateway.usage()["trouble"] is None


def test_other_paths_are_not_passed(start: Start, provider: scripted.Provider) -> None:
    gateway = start("openai")
    for path in ("/v1/files", "/v1/models/../files", "/v1/messages/batches", "/v1/fine_tuning/jobs", "//v1/messages"):
        answer = gateway.ask(path, {})
        assert answer.status == 404 and "not to be had here" in answer.json["error"]["message"], path
    assert provider.asked == []
    assert gateway.ask("/v1/models", method="GET").status == 200
    assert gateway.ask("/v1/messages/count_tokens", {"model": MODEL}).status == 200
    assert gateway.ask("/", method="HEAD").status == 200
    assert gateway.usage()["models"] == {} and len(provider.asked) == 2


def test_usage_is_asked_for_where_a_stream_would_not_have_it(start: Start, provider: scripted.Provider) -> None:
    gateway = start("openai")
    path = "/v1/chat/completions"
    gateway.ask(path, b'{"model":"model-1", "stream" : true}')
    gateway.ask(path, {"stream": True, "stream_options": {"include_usage": False, "other": 1}, "model": MODEL})
    gateway.ask(path, {"stream": True, "stream_options": {"include_usage": True}, "model": MODEL})
    gateway.ask(path, {"model": MODEL})
    first, second, third, fourth = provider.asked
    assert first.body == b'{"stream_options":{"include_usage": true},"model":"model-1", "stream" : true}'
    assert second.json["stream_options"] == {"include_usage": True, "other": 1}
    assert third.json["stream_options"] == {"include_usage": True}
    assert "stream_options" not in fourth.json


def test_what_cannot_be_counted_is_not_let_through(start: Start, provider: scripted.Provider) -> None:
    answer = start("openai").ask("/v1/responses", {"model": MODEL, "background": True})
    assert answer.status == 400 and "background" in answer.json["error"]["message"] and provider.asked == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'"{}"', b'{"model": "model-1", "background": true, "background": false}',
     '{"model": "model-1"}'.encode("utf-16"), '{"model": "model-1"}'.encode("utf-32-le"), b'{"a": "\0"}'],
)  # fmt: skip
def test_what_may_mean_something_else_to_the_provider_is_not_let_through(
    start: Start, provider: scripted.Provider, body: bytes
) -> None:
    answer = start("openai").ask("/v1/responses", body)
    assert answer.status == 400 and answer.json["error"]["message"].startswith("this request") and provider.asked == []


def test_a_compressed_request_is_not_let_through(start: Start, provider: scripted.Provider) -> None:
    headers = {"x-api-key": TOKEN, "content-encoding": "gzip"}
    answer = start().ask("/v1/messages", gzip.compress(b'{"model": "model-1"}'), headers)
    assert answer.status == 415 and "compressed" in answer.json["error"]["message"] and provider.asked == []


def test_a_stream_is_passed_on_while_it_comes(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    pieces = scripted.events("/v1/messages")
    arrived: list[float] = []

    def slowly(handler: scripted.Handler) -> None:
        handler.stream(pieces, pause=0.3)
        arrived.append(time.monotonic())

    provider.script.append(slowly)
    connection = gateway.connect()
    connection.request("POST", "/v1/messages", b'{"stream":true}', {"x-api-key": TOKEN})
    answer = connection.getresponse()
    first = answer.read(len(pieces[0]))
    assert first == pieces[0] and arrived == []  # the provider has not come to its end
    assert first + answer.read() == b"".join(pieces)
    connection.close()


@pytest.mark.parametrize("base", ["/v1", "/api/paas/v4", "/prefix"])
def test_an_address_with_a_path_is_kept(start: Start, provider: scripted.Provider, base: str) -> None:
    gateway = start(provider={"kind": "openai", "base_url": provider.url + base})
    assert gateway.ask("/v1/chat/completions", {"model": MODEL}).status == 200
    assert provider.asked[0].path == (f"{base}/v1" if base == "/prefix" else base) + "/chat/completions"


def test_connections_to_the_provider_are_used_again(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    ports: set[int] = set()

    def noted(handler: scripted.Handler) -> None:
        ports.add(handler.client_address[1])
        scripted.good(handler)

    provider.script += [noted] * 5
    assert [gateway.message().status for _ in range(5)] == [200] * 5
    assert len(ports) == 1


def test_a_gateway_may_have_no_provider(start: Start) -> None:
    answer = start(None).message()
    assert answer.status == 404 and "names no provider" in answer.json["error"]["message"]
