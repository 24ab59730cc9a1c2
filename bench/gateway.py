"""Measure what the gateway adds to a call to a model, and the memory that one takes.

The same calls, by turns, to a scripted provider directly and through a gateway process, all on loopback over
connections that are kept, so that what is measured is the gateway's own work.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from provision.common import TOP
from tests.gateway import scripted

_CALLS, _ROUNDS = 100, 5
TOKEN = "worthless"
BODY = {"model": "model-1", "max_tokens": 10, "messages": [{"role": "user", "content": "x" * 100_000}]}


def measure() -> dict[str, float]:
    """Return what the gateway adds to a call and to the first byte of a stream, in ms, and its memory in MiB."""
    with (
        tempfile.TemporaryDirectory() as folder,
        scripted.serving() as provider,
        gateway(Path(folder), provider.url) as (port, process),
    ):
        idle, before = process.memory_full_info(), process.cpu_times()
        plain = _both(provider.port, port, {**BODY})
        stream = _both(provider.port, port, {**BODY, "stream": True})
        busy, after = process.memory_full_info(), process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return {
        **_rows("call", *plain),
        **_rows("first byte", *stream),
        "CPU of the gateway, ms a call": spent * 1000 / (2 * _ROUNDS * _CALLS),
        "memory of one, own and shared, idle MiB (aim <= 25)": idle.rss / 2**20,
        "the same after 1,000 calls of 100 kB": busy.rss / 2**20,
        "of that its own": busy.uss / 2**20,
    }


def _rows(what: str, direct: list[float], through: list[float]) -> dict[str, float]:
    p50, p99 = (lambda x: statistics.median(x) * 1000), (lambda x: statistics.quantiles(x, n=100)[98] * 1000)
    return {
        f"{what}, direct ms p50": p50(direct),
        f"{what}, added ms p50 (aim <= 5)": p50(through) - p50(direct),
        f"{what}, added ms p99 (aim <= 20)": p99(through) - p99(direct),
        f"{what}, through / direct p50": p50(through) / p50(direct),
    }


@contextmanager
def gateway(folder: Path, url: str) -> Iterator[tuple[int, psutil.Process]]:
    """Run a gateway; yield its port and its process."""
    policy = {"version": 1, "token": TOKEN, "provider": {"kind": "anthropic", "base_url": url}}
    (folder / "policy.json").write_text(json.dumps(policy))
    (folder / "key").write_text("sk-real")
    environment = {**os.environ, "PYTHONPATH": str(TOP / "images/gateway"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "gateway", str(folder), "127.0.0.1", "0", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())["ports"][0], psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


def _both(direct: int, through: int, body: dict[str, object]) -> tuple[list[float], list[float]]:
    """Time calls to both ports by turns, so that what else the machine does meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for port, sink in zip((direct, through), times, strict=True):
            sink += _calls(f"http://127.0.0.1:{port}", body)
    return times


def _calls(url: str, body: dict[str, object]) -> list[float]:
    """Time calls over one connection: the whole, or until the first byte of a stream."""
    connection, data, out = http.client.HTTPConnection(urlsplit(url).netloc), json.dumps(body), []
    for number in range(_CALLS + 1):
        began = time.perf_counter()
        connection.request("POST", "/v1/messages", data, {"x-api-key": TOKEN})
        answer = connection.getresponse()
        if body.get("stream"):
            answer.read(1)
        else:
            answer.read()
        if number:  # the first connects
            out.append(time.perf_counter() - began)
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the provider of the benchmark answered {answer.status}")
    connection.close()
    return out
