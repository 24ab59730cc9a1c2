"""Measure fifty gateways at once, each with an agent that asks every second: memory, and what a call takes longer.

The same crowd of agents asks the scripted provider directly first, so that what fifty agents cost is not counted as the
gateways' own.
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.gateway import BODY, TOKEN, gateway
from tests.gateway import scripted

_AGENTS, _CALLS, _EVERY = 50, 20, 1.0  # agents, calls of each, seconds between two


def measure() -> dict[str, float]:
    """Return MiB of a gateway among fifty, and ms that they add to a call."""
    with ExitStack() as stack:
        provider = stack.enter_context(scripted.serving())
        top = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = [stack.enter_context(gateway(_folder(top, n), provider.url)) for n in range(_AGENTS)]
        direct, _ = _crowd([provider.port] * _AGENTS)
        through, seconds = _crowd([port for port, _ in made])
        memory = [process.memory_full_info() for _, process in made]
        spent = sum(process.cpu_times().user + process.cpu_times().system for _, process in made)
        busy = psutil.cpu_percent(interval=1.0)
    rows = {}
    for name, times in (("direct", direct), ("through", through)):
        rows[f"call, {name}, ms p50"] = statistics.median(times) * 1000
        rows[f"call, {name}, ms p99"] = statistics.quantiles(times, n=100)[98] * 1000
    return rows | {
        "added ms p50 (aim <= 5)": rows["call, through, ms p50"] - rows["call, direct, ms p50"],
        "added ms p99 (aim <= 20)": rows["call, through, ms p99"] - rows["call, direct, ms p99"],
        "memory of one of fifty, MiB (aim <= 25)": statistics.mean(info.rss for info in memory) / 2**20,
        "of that its own": statistics.mean(info.uss for info in memory) / 2**20,
        "processors that all fifty took, while asked 50 times a second": spent / seconds,
        "what else the machine did afterwards, percent": busy,
    }


def _folder(top: Path, number: int) -> Path:
    folder = top / str(number)
    folder.mkdir()
    return folder


def _crowd(ports: list[int]) -> tuple[list[float], float]:
    """Let one agent ask at each port; return what calls took, and how long all of it did, in seconds."""
    times: list[float] = []
    threads = [threading.Thread(target=_agent, args=(port, times, number)) for number, port in enumerate(ports)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, time.perf_counter() - began


def _agent(port: int, times: list[float], number: int) -> None:
    dice, data = random.Random(number), json.dumps(BODY)
    connection = http.client.HTTPConnection(urlsplit(f"http://127.0.0.1:{port}").netloc)
    for call in range(_CALLS + 1):
        time.sleep(dice.uniform(0.5, 1.5) * _EVERY)
        began = time.perf_counter()
        connection.request("POST", "/v1/messages", data, {"x-api-key": TOKEN})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the provider of the benchmark answered {answer.status}")
        if call:  # the first connects
            times.append(time.perf_counter() - began)
    connection.close()
