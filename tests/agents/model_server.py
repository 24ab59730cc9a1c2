"""A scripted model: it has one shell command run, then says "Done."; the key says what goes wrong.

It speaks the three protocols of the command lines that have an image: Anthropic messages, OpenAI responses and OpenAI
chat. A key that begins with `bad` is refused (401), `limit` is told to wait (429), `context` has asked for too much
(400), `down` gets 503, and `once` gets 429 at its first call only; `third` gets 429 at every third call, `away` 500 for
60 s from its first call on, and the first answer to `reset` breaks off in the middle; the second to `hold` stops in the
middle until the test lets it go on. An agent that offers no tools gets a file to write.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

SHELLS = ("bash", "shell", "exec_command", "shell_command", "local_shell")
INPUT, OUTPUT, CACHED = 1234, 56, 20  # tokens of each answer
SUBMIT = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"  # how mini-swe-agent ends
EDIT = "Done.\n\na/file.txt\n```\nhello\n```\n"  # for an agent without tools: the whole file, as aider wants it
AWAY = 60.0  # seconds; longer than a gateway asks by itself
_FAULTS = {
    "bad": (401, "authentication_error", "invalid api key", "invalid_api_key"),
    "limit": (429, "rate_limit_error", "Rate limit reached", "rate_limit_exceeded"),
    "once": (429, "rate_limit_error", "Rate limit reached", "rate_limit_exceeded"),
    "context": (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum",
                "context_length_exceeded"),
    "third": (429, "rate_limit_error", "Rate limit reached", "rate_limit_exceeded"),
    "away": (500, "api_error", "internal error", "server_error"),
    "down": (503, "api_error", "overloaded", "server_error"),
}  # fmt: skip
_STREAM = {"Content-Type": "text/event-stream"}


class Model:
    """What the server does, and what it was asked.

    :param script: the shell command that every agent is told to run.
    :param edit: what an agent without tools is told.
    """

    def __init__(self, script: str, edit: str) -> None:
        self.script, self.edit = script, edit
        self.calls: Counter[str] = Counter()  # by key
        self.mended: set[str] = set()  # keys whose fault is over
        self.asked: dict[str, float] = {}  # when a key came first
        self.under_way: set[str] = set()  # keys that begin with `hold` whose second answer has begun
        self.released: defaultdict[str, threading.Event] = defaultdict(threading.Event)  # it may end
        self.url = ""

    def fault(self, key: str) -> tuple[int, str, str, str] | None:
        """The refusal that a key gets."""
        self.calls[key] += 1
        kind = key.partition("-")[0]
        since = time.monotonic() - self.asked.setdefault(key, time.monotonic())
        over = {"once": self.calls[key] > 1, "third": self.calls[key] % 3 != 0, "away": since > AWAY}
        return None if key in self.mended or over.get(kind, False) else _FAULTS.get(kind)

    def command(self, asked: Mapping[str, Any], outputs: Sequence[str]) -> str | None:
        """What an agent is told to run next, after what its tools have answered; None: nothing more."""
        return None if outputs else self.script

    def call(self, asked: Mapping[str, Any], outputs: Sequence[str]) -> tuple[str, dict[str, Any]] | None:
        """The next call of a tool, where an agent has a shell and is not done."""
        command = self.command(asked, outputs)
        return None if command is None else self.shell(asked.get("tools") or [], command)

    def shell(self, tools: Sequence[Mapping[str, Any]], command: str) -> tuple[str, dict[str, Any]] | None:
        """The call of a request's shell tool, filled in as its schema wants it."""
        offered = [tool.get("function") or tool for tool in tools]
        for wanted in SHELLS:
            for tool in offered:
                name = str(tool.get("name") or tool.get("type") or "")
                if name.lower() == wanted:
                    schema = tool.get("parameters") or tool.get("input_schema") or {}
                    return name, _arguments(schema, command)
        return None


def _arguments(schema: Mapping[str, Any], command: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, kind in schema.get("properties", {}).items():
        if key in ("command", "cmd"):
            out[key] = ["bash", "-lc", command] if kind.get("type") == "array" else command
        elif key in schema.get("required", []):
            out[key] = {"boolean": False, "number": 30000, "integer": 30000}.get(str(kind.get("type")), "a file")
    return out


AnyModel = TypeVar("AnyModel", bound=Model)


@contextmanager
def serving(script: str, host: str, edit: str = EDIT) -> Iterator[Model]:
    """A model with one command, at an address of this machine, until the end of the context."""
    with served(Model(script, edit), host) as model:
        yield model


@contextmanager
def served(model: AnyModel, host: str) -> Iterator[AnyModel]:
    """A model at an address of this machine, until the end of the context."""
    handler = type("Handler", (_Handler,), {"model": model})
    server = ThreadingHTTPServer((host, 0), handler)
    model.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: Model

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Name the one model."""
        self._send(200, json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}], "models": []}))

    def do_HEAD(self) -> None:
        """Say that somebody is here."""
        self._send(200, "")

    def do_POST(self) -> None:
        """Answer one request for words."""
        asked = self._asked()
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        path = self.path.partition("?")[0]
        if path.endswith("count_tokens"):
            self._send(200, json.dumps({"input_tokens": INPUT}))
            return
        key = self.headers.get("x-api-key") or bearer
        if (fault := self.model.fault(key)) is not None:
            status, kind, words, code = fault
            error = {"type": "error", "error": {"type": kind, "message": words, "code": code}}
            self._send(status, json.dumps(error), {"retry-after": "1"} if status in (429, 503) else None)
        elif key.startswith("reset") and self.model.calls[key] == 1:
            self._break_off()
        elif key.startswith("hold") and self.model.calls[key] == 2:
            self._hold(key, _events_of(_responses(self.model, asked)))
        elif path.endswith("/messages"):
            self._events(_messages(self.model, asked))
        elif path.endswith("/responses"):
            self._events(_responses(self.model, asked))
        elif asked.get("stream"):
            self._events(_chat(self.model, asked))
        else:
            self._send(200, json.dumps(_whole(_chat(self.model, asked))))

    def _asked(self) -> dict[str, Any]:
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        if not size and self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline().strip() or b"0", 16):
                raw += self.rfile.read(length)
                self.rfile.readline()
        return dict(json.loads(raw or b"{}"))

    def _events(self, events: Sequence[Mapping[str, Any]]) -> None:
        self._send(200, _events_of(events), _STREAM)

    def _hold(self, key: str, body: str) -> None:
        """Answer the half of it, and the rest when the test says so; whoever asked may be gone by then."""
        half = len(body) // 2
        self._send(200, body[:half], _STREAM, missing=len(body) - half)
        self.wfile.flush()
        self.model.under_way.add(key)
        self.model.released[key].wait()
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(body[half:].encode())

    def _break_off(self) -> None:
        """Begin an answer, and reset the connection."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'event: response.created\ndata: {"type": "response.created"}\n\n')
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, body: str, headers: Mapping[str, str] | None = None, missing: int = 0) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) + missing))
        self.end_headers()
        self.wfile.write(data)


def _events_of(events: Sequence[Mapping[str, Any]]) -> str:
    named = (f"event: {event['type']}\n" if "type" in event else "" for event in events)
    body = "".join(f"{name}data: {json.dumps(event)}\n\n" for name, event in zip(named, events, strict=True))
    return body + "data: [DONE]\n\n"


def _text(content: Any) -> str:
    """The words of what a tool has answered, which some protocols send in parts."""
    parts = content if isinstance(content, list) else [content]
    return "".join(str(part.get("text", "")) if isinstance(part, dict) else str(part or "") for part in parts)


def _messages(model: Model, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    contents = [m.get("content") for m in asked.get("messages") or []]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    outputs = [_text(part.get("content")) for part in parts if part.get("type") == "tool_result"]
    call = model.call(asked, outputs)
    usage = {"input_tokens": INPUT, "output_tokens": OUTPUT, "cache_read_input_tokens": CACHED,
             "cache_creation_input_tokens": 0}  # fmt: skip
    block: dict[str, Any] = {"type": "text", "text": ""}
    delta: dict[str, Any] = {"type": "text_delta", "text": "Done."}
    if call:
        block = {"type": "tool_use", "id": f"toolu_{len(outputs) + 1}", "name": call[0], "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call[1])}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked.get("model"), "content": [],
               "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
    stop = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": usage},
        {"type": "message_stop"},
    ]


def _responses(model: Model, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = [item for item in asked.get("input") or [] if isinstance(item, dict)]
    outputs = [_text(item.get("output")) for item in given if str(item.get("type", "")).endswith("_call_output")]
    call = model.call(asked, outputs)
    text = {"type": "output_text", "text": "Done.", "annotations": []}
    item: dict[str, Any] = {"type": "message", "id": "m_1", "role": "assistant", "content": [text]}
    if call:
        number = len(outputs) + 1
        item = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": call[0],
                "arguments": json.dumps(call[1])}  # fmt: skip
    item["status"] = "completed"
    answer = {"id": "resp_1", "object": "response", "created_at": 1, "model": asked.get("model")}
    usage = {"input_tokens": INPUT, "input_tokens_details": {"cached_tokens": CACHED}, "output_tokens": OUTPUT,
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": INPUT + OUTPUT}  # fmt: skip
    whole = {**answer, "status": "completed", "output": [item], "usage": usage}
    return [
        {"type": "response.created", "response": {**answer, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]


def _whole(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The same answer in one piece."""
    first, last, used = events
    choice = {"index": 0, "message": first["choices"][0]["delta"], "finish_reason": last["choices"][0]["finish_reason"]}
    return {**used, "object": "chat.completion", "choices": [choice]}


def _chat(model: Model, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = asked.get("messages") or []
    outputs = [_text(m.get("content")) for m in messages if m.get("role") == "tool"]
    call = model.call(asked, outputs)
    if outputs and not call and SUBMIT in json.dumps(messages):  # an agent that ends by a command
        call = model.shell(asked.get("tools") or [], f"echo {SUBMIT}; echo Done.")
    message: dict[str, Any] = {"role": "assistant", "content": "Done." if asked.get("tools") else model.edit}
    if call:
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        message["tool_calls"] = [
            {"index": 0, "id": f"call_{len(outputs) + 1}", "type": "function", "function": function}
        ]
    usage = {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
             "prompt_tokens_details": {"cached_tokens": CACHED}}  # fmt: skip
    part = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": asked.get("model")}
    end = "tool_calls" if call else "stop"
    return [
        {**part, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
        {**part, "choices": [{"index": 0, "delta": {}, "finish_reason": end}]},
        {**part, "choices": [], "usage": usage},
    ]
