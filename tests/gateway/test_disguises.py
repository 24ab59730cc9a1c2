"""Trouble that does not look like it: an error after a good beginning, a refused key that is called a bad request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway import scripted
from tests.gateway.conftest import KEY, MODEL, Start

MESSAGES, CHAT, RESPONSES = "/v1/messages", "/v1/chat/completions", "/v1/responses"
GEMINI = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
TROUBLES = [
    (MESSAGES, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529),
    (MESSAGES, {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}, 429),
    (MESSAGES, {"type": "error", "error": {"type": "authentication_error", "message": "revoked"}}, 401),
    (CHAT, {"error": {"message": "The server had an error", "type": "server_error", "code": None}}, 500),
    (CHAT, {"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}}, 429),
    (CHAT, {"id": "1", "error": {"code": 502, "message": "Upstream is away"}, "choices": []}, 502),
    (RESPONSES, {"type": "error", "code": "server_error", "message": "a fault", "param": None}, 500),
    (RESPONSES, {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}}, 429),
    (GEMINI, {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}, 503),
]  # fmt: skip
FAULTS = [
    (MESSAGES, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long"}}),
    (RESPONSES, {"response": {"error": {"code": "context_length_exceeded", "message": "too long"}}}),
    (CHAT, {"error": "no tools here"}),
]  # fmt: skip


def answers(path: str, event: dict[str, Any]) -> list[scripted.Step]:
    """The same error behind the first event of a stream, and as a whole answer with status 200."""
    stream = [*scripted.events(path.partition("?")[0])[:1], f"data: {json.dumps(event)}\n\n".encode()]
    return [lambda handler: handler.stream(stream), lambda handler: handler.say(200, json.dumps(event).encode())]


@pytest.mark.parametrize(("path", "event", "status"), TROUBLES)
def test_an_error_in_an_answer_that_began_well_is_the_providers_trouble(
    start: Start, provider: scripted.Provider, path: str, event: dict[str, Any], status: int
) -> None:
    gateway = start("gemini" if path is GEMINI else "openai")
    provider.script += [answers(path, event)[0], scripted.good, answers(path, event)[1]]
    assert json.dumps(event).encode() in gateway.ask(path, {"model": MODEL, "stream": True}).body
    assert gateway.usage()["trouble"]["status"] == status and gateway.usage()["answered"] == 0
    gateway.ask(path, {"model": MODEL})
    assert gateway.usage()["trouble"] is None
    gateway.ask(path, {"model": MODEL})
    assert gateway.usage()["trouble"]["status"] == status and gateway.usage()["refusal"] is None
    assert len(provider.asked) == 3


@pytest.mark.parametrize(("path", "event"), FAULTS)
def test_an_error_that_is_the_agents_stays_its_own(
    start: Start, provider: scripted.Provider, path: str, event: dict[str, Any]
) -> None:
    gateway = start("openai")
    for step in answers(path, event):
        provider.script.append(step)
        gateway.ask(path, {"model": MODEL, "stream": True})
        assert gateway.usage()["trouble"] is None and gateway.usage()["answered"] == 0
        refusal = gateway.usage()["refusal"]
        assert refusal["status"] == 400 and refusal["message"] in ("prompt is too long", "too long", "no tools here")


def test_an_error_in_a_stream_is_written_down_without_the_key(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    event = {"type": "error", "error": {"type": "authentication_error", "message": f"{KEY} is revoked\x1b[31m"}}
    provider.script.append(answers(MESSAGES, event)[0])
    gateway.message(stream=True)
    assert gateway.usage()["trouble"]["message"] == f"{'*' * len(KEY)} is revoked [31m"


KEY_INVALID = {
    "error": {
        "code": 400,
        "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
    }
}
NO_MONEY, SPENT = (
    {"type": "error", "error": {"type": "invalid_request_error", "message": words}}
    for words in (
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
        "You have reached your specified API usage limits. You will regain access on 2027-01-01.",
    )
)


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [("gemini", KEY_INVALID, 401), ("gemini", [KEY_INVALID], 401), ("anthropic", NO_MONEY, 402),
     ("anthropic", SPENT, 402)],
)  # fmt: skip
def test_a_bad_request_that_means_the_key_or_the_account_is_trouble_at_once(
    start: Start, provider: scripted.Provider, kind: str, error: Any, status: int
) -> None:
    gateway = start(kind)
    provider.script.append(lambda handler: handler.say(400, json.dumps(error).encode()))
    answer = gateway.ask(GEMINI, {}) if kind == "gemini" else gateway.message()
    assert answer.status == 400 and answer.json == error and len(provider.asked) == 1
    assert gateway.usage()["trouble"]["status"] == status and gateway.usage()["refusal"] is None
    gateway.wait_for(lambda: bool(gateway.said))
    assert f"refuses the key ({status}): " in gateway.said[0]


def test_an_agent_that_says_the_same_words_pauses_nobody(start: Start, provider: scripted.Provider) -> None:
    """A provider repeats what it was asked, but not as the beginning of what it says."""
    gateway = start()
    words = "messages.0: Your credit balance is too low is no role"
    provider.script.append(scripted.refused(400, words))
    gateway.message()
    assert gateway.usage()["trouble"] is None and gateway.usage()["refusal"]["message"] == words


def test_the_delay_in_a_body_is_waited_for(start: Start, provider: scripted.Provider) -> None:
    gateway = start("gemini")
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.2s"}
    error = {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": [info]}}
    provider.script.append(lambda handler: handler.say(429, json.dumps(error).encode()))
    assert gateway.ask(GEMINI, {}).status == 200
    first, second = provider.asked
    assert second.at - first.at >= 1.2


def test_a_redirection_is_not_followed_with_the_key(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    with scripted.serving() as other:
        elsewhere = {"Location": f"{other.url}/v1/messages"}
        for number, status in enumerate((301, 302, 307, 308)):
            provider.script.append(lambda handler, status=status: handler.say(status, b"", elsewhere))
            assert gateway.message().status == gateway.usage()["trouble"]["status"] == status
            assert other.asked == [] and len(provider.asked) == number + 1
    gateway.wait_for(lambda: bool(gateway.said))
    assert "sends its callers elsewhere (301): is the address right?" in gateway.said[0]


@pytest.mark.parametrize("path", [MESSAGES, CHAT, RESPONSES])
def test_a_stream_that_ends_without_its_last_event_is_trouble(
    start: Start, provider: scripted.Provider, path: str
) -> None:
    """As where a proxy of the provider's gives up, and ends what it passes on as if it were whole."""
    gateway = start("openai")
    provider.script += [lambda handler: handler.stream(scripted.events(path)[:1]), scripted.good]
    gateway.ask(path, {"model": MODEL, "stream": True})
    assert gateway.usage()["trouble"]["status"] == 502 and gateway.usage()["answered"] == 0
    assert gateway.usage()["models"][MODEL]["output"] > 0
    gateway.ask(path, {"model": MODEL, "stream": True})
    assert gateway.usage()["trouble"] is None and gateway.usage()["answered"] == 1


def test_a_page_in_the_place_of_an_answer_is_trouble(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    page = b"<html>Log in to this network</html>"
    provider.script.append(lambda handler: handler.say(200, page, {"Content-Type": "text/html; charset=utf-8"}))
    assert gateway.message().body == page
    assert gateway.usage()["trouble"]["status"] == 502 and gateway.usage()["answered"] == 0
