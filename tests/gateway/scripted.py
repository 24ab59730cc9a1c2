"""A scripted provider: it answers in four protocols, fails as a test has it fail, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANTHROPIC = {"input_tokens": 100, "output_tokens": 7, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 20}
CHAT = {
    "prompt_tokens": 150,
    "completion_tokens": 7,
    "total_tokens": 157,
    "prompt_tokens_details": {"cached_tokens": 30},
}
RESPONSES = {
    "input_tokens": 150,
    "input_tokens_details": {"cached_tokens": 30},
    "output_tokens": 7,
    "total_tokens": 157,
}
GEMINI = {"promptTokenCount": 150, "cachedContentTokenCount": 30, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
#: What every protocol's answer comes to.
TOKENS = {"input": 150, "output": 7, "cached": 30}


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    provider: Provider
    asked: Asked

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.asked = Asked(self.command, self.path, headers, self.rfile.read(length), time.monotonic())
        with self.provider.lock:
            self.provider.asked.append(self.asked)
            step = self.provider.script.pop(0) if self.provider.script else good
        step(self)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def say(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, pieces: list[bytes], pause: float = 0.0, end: bool = True) -> None:
        """Send an answer in chunks; without `end` the connection breaks in its middle."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(pause)
        if end:
            self.wfile.write(b"0\r\n\r\n")
        else:
            reset(self)


Step = Callable[[Handler], None]


@dataclass
class Provider:
    """The server, its steps in order, and the requests it got."""

    url: str = ""
    script: list[Step] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: connections break here because a test wants them to."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Provider]:
    """Serve, on loopback if nothing else is said, until the end of the context."""
    provider = Provider()
    server = _Server((host, 0), type("Bound", (Handler,), {"provider": provider}))
    provider.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def good(handler: Handler) -> None:
    """Answer as the endpoint does."""
    path = handler.path.partition("?")[0]
    if handler.command == "GET" or path.endswith(("count_tokens", ":countTokens")):
        handler.say(200, b'{"data": []}')
    elif "stream" in path or json.loads(handler.asked.body or b"{}").get("stream"):
        handler.stream(events(path))
    else:
        handler.say(200, json.dumps(whole(path)).encode())


def refused(status: int, message: str = "no", headers: Mapping[str, str] | None = None) -> Step:
    """Answer with an error."""
    body = json.dumps({"type": "error", "error": {"type": "some_error", "message": message}}).encode()
    return lambda handler: handler.say(status, body, headers)


def reset(handler: Handler) -> None:
    """Break the connection without a word."""
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def whole(path: str) -> dict[str, Any]:
    """Return an answer that does not stream."""
    if path.endswith("/messages"):
        return {"type": "message", "content": [{"type": "text", "text": "Done."}], "usage": ANTHROPIC}
    if path.endswith("/chat/completions"):
        return {"object": "chat.completion", "choices": [{"message": {"content": "Done."}}], "usage": CHAT}
    if path.endswith("/responses"):
        return {"object": "response", "status": "completed", "output": [], "usage": RESPONSES}
    return {"candidates": [{"content": {"parts": [{"text": "Done."}]}}], "usageMetadata": GEMINI}


def events(path: str) -> list[bytes]:
    """Return the events of an answer that streams, each by itself."""
    if path.endswith("/messages"):
        begin = {**ANTHROPIC, "output_tokens": 1}
        data: list[Any] = [
            {"type": "message_start", "message": {"type": "message", "content": [], "usage": begin}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Done."}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
            {"type": "message_stop"},
        ]
    elif path.endswith("/chat/completions"):
        part = {"object": "chat.completion.chunk", "usage": None}
        data = [
            {**part, "choices": [{"index": 0, "delta": {"content": "Done."}}]},
            {**part, "choices": [], "usage": CHAT},
        ]
    elif path.endswith("/responses"):
        data = [
            {"type": "response.output_text.delta", "delta": "Done."},
            {"type": "response.completed", "response": {"status": "completed", "usage": RESPONSES}},
        ]
    else:
        early = {**GEMINI, "candidatesTokenCount": 1, "thoughtsTokenCount": 0}
        data = [{**whole(path), "usageMetadata": early}, whole(path)]
    out = [(f"event: {x['type']}\n" if "type" in x else "") + f"data: {json.dumps(x)}\n\n" for x in data]
    return [text.encode() for text in out] + ([b"data: [DONE]\n\n"] if path.endswith("/chat/completions") else [])
