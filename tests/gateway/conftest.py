"""A real gateway process on loopback, before a scripted provider."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.gateway import scripted

CODE = Path(__file__).resolve().parents[2] / "images/gateway"
TOKEN, KEY, MODEL = "worthless-token", "sk-real-key-5f2c9a", "model-1"
PRICE = {"input": 3.0, "output": 15.0, "cached": 0.3}
_PATIENCE = 60.0  # seconds


@dataclass
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    """A gateway process, and its files."""

    folder: Path
    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)
    ports: tuple[int, int] = (0, 0)

    @property
    def said(self) -> list[str]:
        """Return the sentences after `ready`."""
        return [line["say"] for line in self.lines][1:]

    def usage(self) -> Any:
        return json.loads((self.folder / "record/usage.json").read_text())

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "record/calls.jsonl").read_text().splitlines()]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds that follows by itself."""
        until = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < until, f"it never came to that: {self.usage()}, {self.said}, {self.errors}"
            time.sleep(0.02)

    def connect(self, port: int = 0) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=_PATIENCE)

    def ask(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None, method: str = "POST", port: int = 0
    ) -> Answer:
        """Send one request and read the whole answer."""
        connection = self.connect(port)
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"x-api-key": TOKEN} if headers is None else headers)
        came = connection.getresponse()
        answer = Answer(came.status, {k.lower(): v for k, v in came.getheaders()}, came.read())
        if port == 0 and not came.will_close:  # the next request of a connection is read when this call is counted
            connection.request("HEAD", "/")
            connection.getresponse().read()
        connection.close()
        return answer

    def message(self, **more: Any) -> Answer:
        """Ask for one message."""
        return self.ask("/v1/messages", {"model": MODEL, "max_tokens": 10, **more})

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End the process, and read what it has printed to the end."""
        self.process.send_signal(how)
        code = self.process.wait(_PATIENCE)
        for reader in self.readers:
            reader.join(_PATIENCE)
        return code

    def everything(self) -> bytes:
        """Return all that the process wrote, printed, or shows of itself, except the key's own file."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "key"]
        printed = json.dumps(self.lines) + "".join(self.errors)
        return b"".join(path.read_bytes() for path in files) + printed.encode()


Start = Callable[..., Gateway]


@pytest.fixture
def gateway_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test import the gateway's own modules."""
    monkeypatch.syspath_prepend(str(CODE))


@pytest.fixture
def provider() -> Iterator[scripted.Provider]:
    with scripted.serving() as server:
        yield server


@pytest.fixture
def start(tmp_path: Path, provider: scripted.Provider) -> Iterator[Start]:
    """Start a gateway; what is given goes into its policy."""
    running: list[Gateway] = []

    def begin(kind: str | None = "anthropic", key: str = KEY, folder: Path = tmp_path, **more: Any) -> Gateway:
        known = {"kind": kind, "base_url": provider.url} if kind else None
        policy = {"version": 1, "token": TOKEN, "provider": known, "egress": [], "budget": {}, "wait": 30.0,
                  "prices": {MODEL: PRICE}, "record_limit": 1 << 20, "ca": None, **more}  # fmt: skip
        (folder / "policy.json").write_text(json.dumps(policy))
        (folder / "key").write_text(key)
        gateway = launch(folder)
        running.append(gateway)
        assert gateway.lines[0]["say"] == "ready", gateway.lines
        return gateway

    yield begin
    for gateway in running:
        gateway.stop(signal.SIGKILL)
    for gateway in running:
        assert KEY.encode() not in gateway.everything(), "the key has left the gateway"


def launch(folder: Path) -> Gateway:
    """Start a gateway on a folder, and return it when it is ready."""
    command = [sys.executable, "-m", "gateway", str(folder), "127.0.0.1", "0", "0"]
    environment = {**os.environ, "PYTHONPATH": str(CODE), "PYTHONDONTWRITEBYTECODE": "1"}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)
    gateway = Gateway(folder, process)
    assert process.stdout and process.stderr
    first = process.stdout.readline()
    assert first, process.stderr.read()
    gateway.lines.append(json.loads(first))
    gateway.ports = tuple(gateway.lines[0].get("ports", (0, 0)))
    gateway.readers = [
        threading.Thread(target=_read, args=(process.stdout, lambda line: gateway.lines.append(json.loads(line)))),
        threading.Thread(target=_read, args=(process.stderr, gateway.errors.append)),
    ]
    for reader in gateway.readers:
        reader.start()
    return gateway


def _read(stream: IO[str], sink: Callable[[str], None]) -> None:
    with stream:
        for line in stream:
            sink(line)
