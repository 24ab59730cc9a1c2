"""A run goes on over an API server that is starting again or whose database is busy; it starts no phase twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from phaseplan.cli.local_airflow.api import Api, ApiError
from phaseplan.cli.local_airflow.supervisor import Restart
from phaseplan.cli.progress.view import PhaseView
from phaseplan.cli.running.drive import Drive
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.errors import InputFault
from tests.cli.plans import plan


class Server(HTTPServer):
    """Answers over real HTTP; `says` has the status of each POST that starts a run, the last one for ever."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.says = [200]
        self.asked = 0
        self.started: list[str] = []  # DAGs, in the order of their triggers


class Handler(BaseHTTPRequestHandler):
    """Airflow's answers, as far as a trigger needs them."""

    server: Server

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = 200, {"access_token": "x"}
        if self.path.endswith("/dagRuns"):
            status = self.server.says[min(self.server.asked, len(self.server.says) - 1)]
            self.server.asked += 1
            self.server.started.append(self.path.split("/")[-2])
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815  # the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Alive:
    """A supervisor whose components live."""

    started = datetime.now(UTC)
    home = SimpleNamespace(path=Path("/"))

    def renew(self) -> None: ...

    def log(self, name: str) -> Path:
        return Path("/") / name

    def check(self) -> list[Restart]:
        return []


class Silent:
    """Shows nothing."""

    def show(self, views: Sequence[PhaseView], elapsed: float, etas: Sequence[float | None]) -> None: ...

    def note(self, text: str) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def trigger(server: Server) -> None:
    api = Api(f"http://127.0.0.1:{server.server_port}", "admin", "x")
    requests = [PhaseRequest(plan(7), Path("7.yaml"), "r")]
    drive = Drive(Alive(), api, requests, "run-x", Silent(), lambda request: None, lambda dag, task: "")
    drive._trigger(drive._phases[0])


@pytest.mark.parametrize("says", [[200], [500, 200], [503, 500, 200], [500, 409]])
def test_a_phase_is_triggered_after_retries(server: Server, says: list[int]) -> None:
    server.says = says
    trigger(server)
    assert server.asked == len(says)


@pytest.mark.parametrize(("status", "fault"), [(400, InputFault), (403, ApiError)])
def test_a_refused_trigger_is_not_retried(server: Server, status: int, fault: type[Exception]) -> None:
    server.says = [status]
    with pytest.raises(fault):
        trigger(server)
    assert server.asked == 1
