"""Serve a scripted provider that tells each of two crowds of agents when to ask, and notes what they measure."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_READ, _MADE = 5000, 20  # tokens of each answer


class Lessons:
    """The turn that it is, and what was heard.

    :param crowd: how many agents there are to be of each kind.
    :param counts: whether what agents measure is noted.
    """

    def __init__(self, url: str, crowd: int) -> None:
        self.url, self.turn, self.counts = url, "none", False
        self.times: dict[str, list[float]] = defaultdict(list)
        self.tokens = 0  # that were given through gateways
        self.complete = threading.Event()
        self._crowd, self._lock = crowd, threading.Lock()
        self._seen: dict[str, set[str]] = defaultdict(set)

    @property
    def most(self) -> int:
        """Return how many agents behind gateways have asked; none of them ends before all have."""
        return len(self._seen["through"])

    def hear(self, said: dict[str, Any]) -> str:
        """Note what an agent says of its call before; return whose turn it is."""
        kind = str(said["kind"])
        with self._lock:
            self._seen[kind].add(str(said["who"]))
            self.tokens += _READ + _MADE if kind == "through" else 0
            if self.counts and said["turn"] == self.turn == kind and said["ms"] is not None:
                self.times[kind].append(float(said["ms"]))
            if all(len(self._seen[each]) == self._crowd for each in ("direct", "through")):
                self.complete.set()
            return self.turn


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing: agents that end hang up."""


@contextmanager
def serving(host: str, crowd: int) -> Iterator[Lessons]:
    """Serve at an address of this machine, until the end of the context."""
    server = _Server((host, 0), _Handler)
    _Handler.lessons = Lessons(f"http://{host}:{server.server_port}", crowd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield _Handler.lessons
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    lessons: Lessons

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer one call."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        usage = {"input_tokens": _READ, "output_tokens": _MADE, "total_tokens": _READ + _MADE}
        turn = self.lessons.hear(asked["metadata"])
        data = json.dumps({"object": "response", "status": "completed", "output": [], "usage": usage, "turn": turn})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data.encode())
