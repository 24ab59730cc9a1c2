"""What is too large, too slow or too much ends by itself, and a gateway that is killed leaves whole files."""

from __future__ import annotations

import signal
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.gateway import scripted
from tests.gateway.conftest import KEY, MODEL, TOKEN, Gateway, Start, launch


def raw(gateway: Gateway, data: bytes) -> bytes:
    """Send bytes; what comes back until the gateway closes."""
    with socket.create_connection(("127.0.0.1", gateway.ports[0]), timeout=60) as sock:
        answer = b""
        try:
            sock.sendall(data)
            while part := sock.recv(65536):
                answer += part
        except ConnectionError:
            pass
        return answer


def test_headers_without_end_are_refused(start: Start) -> None:
    gateway = start()
    data = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * (16 << 20)
    answer = raw(gateway, data)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")
    assert psutil.Process(gateway.process.pid).memory_info().rss < 60 << 20
    assert gateway.message().status == 200


TWO_LENGTHS = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", TWO_LENGTHS])
def test_what_is_no_http_is_refused(start: Start, data: bytes) -> None:
    gateway = start()
    assert raw(gateway, data).startswith(b"HTTP/1.1 400")
    assert gateway.errors == []


def test_a_body_over_the_limit_is_refused_before_it_is_taken_in(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {TOKEN}\r\n"
    large = 65 << 20
    answer = raw(gateway, f"{head}Content-Length: {large}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413")
    chunk = b"100000\r\n" + b"[" * (1 << 20) + b"\r\n"
    answer = raw(gateway, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 66)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert provider.asked == []


def test_large_bodies_take_turns_and_memory_stays_bounded(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    process, body = psutil.Process(gateway.process.pid), b'{"model":"model-1","x":"' + b"x" * (40 << 20) + b'"}'
    peaks: list[int] = []

    def measured(handler: scripted.Handler) -> None:
        peaks.append(process.memory_info().rss)
        scripted.good(handler)

    provider.script += [measured] * 3
    threads = [threading.Thread(target=gateway.ask, args=("/v1/messages", body)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(asked.body) for asked in provider.asked] == [len(body)] * 3
    assert len(peaks) == 3 and max(peaks) < 110 << 20


def test_a_body_of_nothing_but_brackets_is_refused(start: Start, provider: scripted.Provider) -> None:
    """As Python objects it would fill gigabytes."""
    gateway = start()
    answer = gateway.ask("/v1/messages", b'{"model":"model-1","x":[' + b"{}," * (13 << 20) + b"{}]}")
    assert answer.status == 400 and "more parts" in answer.json["error"]["message"] and provider.asked == []
    assert psutil.Process(gateway.process.pid).memory_info().rss < 110 << 20


def test_a_reader_that_does_not_read_takes_no_memory(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    sent = []

    def flood(handler: scripted.Handler) -> None:
        pieces = [b": " + b"x" * 65533] * 2000  # 125 MiB
        handler.connection.settimeout(60)
        sent.append(0)
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(piece)
            sent[0] += len(piece)

    provider.script.append(flood)
    connection = gateway.connect()
    connection.request("POST", "/v1/messages", b"{}", {"x-api-key": TOKEN})
    answer = connection.getresponse()
    answer.read(10)
    before = -1
    while not sent or sent[0] != before:  # until nothing moves any more
        before = sent[0] if sent else -1
        time.sleep(1)
    assert sent[0] < 100 << 20
    assert psutil.Process(gateway.process.pid).memory_info().rss < 80 << 20
    connection.close()


def test_a_record_has_a_limit_and_says_what_is_missing(start: Start) -> None:
    gateway = start(record_limit=2000)
    for _ in range(20):
        assert gateway.message().status == 200
    *lines, last = gateway.calls()
    assert last == {"missing": 20 - len(lines)} and 3 < len(lines) < 15
    assert (gateway.folder / "record/calls.jsonl").stat().st_size <= 2000
    gateway.stop(signal.SIGKILL)
    again = launch(gateway.folder)
    again.message()
    assert again.calls() == [*lines, {"missing": 21 - len(lines)}]
    again.stop(signal.SIGKILL)


def test_models_without_end_take_no_room(start: Start) -> None:
    gateway = start()
    for number in range(110):
        gateway.message(model=f"name-{number}" + "\x1b" * 200)
    models = gateway.usage()["models"]
    assert len(models) == 101 and models["other"]["input"] == 1500
    assert all(len(name) <= 100 and name.isprintable() for name in models)


def test_figures_survive_a_kill_and_go_on(start: Start) -> None:
    gateway = start(budget={"tokens": 500, "usd": None})
    gateway.message()
    gateway.message()
    gateway.stop(signal.SIGKILL)
    assert gateway.usage()["models"][MODEL]["input"] == 300
    again = launch(gateway.folder)
    again.message()
    again.message()
    assert again.message().status == 402
    assert again.usage()["models"][MODEL]["input"] == 600 and again.usage()["calls"] == 4
    again.stop(signal.SIGKILL)


def test_figures_are_there_before_the_first_call(start: Start) -> None:
    assert start().usage() == {"version": 1, "calls": 0, "models": {}, "trouble": None, "refused": {}, "budget": None,
                               "answered": 0, "refusal": None, "unreached": {}}  # fmt: skip


def test_sigterm_stops_at_once_and_counts_what_is_under_way(start: Start, provider: scripted.Provider) -> None:
    gateway = start()
    pieces = scripted.events("/v1/messages")
    provider.script.append(lambda handler: handler.stream(pieces[:2] * 100, pause=0.2))
    connection = gateway.connect()
    connection.request("POST", "/v1/messages", b'{"model":"model-1","stream":true}', {"x-api-key": TOKEN})
    connection.getresponse().read(10)
    assert gateway.stop() == 0
    assert gateway.usage()["models"][MODEL]["input"] == 150 and gateway.usage()["calls"] == 1
    assert gateway.calls()[0]["whole"] is False and gateway.errors == []
    connection.close()


GOOD = '{"version": 1, "token": "t", "provider": {"kind": "openai", "base_url": "http://x"}}'


@pytest.mark.parametrize(
    ("policy", "key", "words"),
    [
        ("not json", KEY, "policy.json is not usable"),
        ('{"version": 3}', KEY, "version 3 is not known"),
        (GOOD.replace('"t"', '""'), KEY, "token is empty"),
        (GOOD.replace("openai", "other"), KEY, "kind of"),
        (GOOD.replace("http:", "file:"), KEY, "kind of"),
        (GOOD, "key with spaces", "the key is empty"),
        (GOOD, "", "the key is empty"),
        (GOOD, KEY + "\u00e4", "the file of the key"),
    ],
)
def test_files_that_are_no_use_are_said_without_the_key(tmp_path: Path, policy: str, key: str, words: str) -> None:
    (tmp_path / "policy.json").write_text(policy)
    (tmp_path / "key").write_text(key, encoding="utf-8")
    gateway = launch(tmp_path)
    assert gateway.process.wait(60) == 2
    assert words in gateway.lines[0]["say"] and gateway.errors == []
    assert not key or key not in gateway.lines[0]["say"]
    gateway.stop(signal.SIGKILL)
