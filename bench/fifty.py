"""Measure fifty agents that live at once, each behind its gateway, in a real Airflow with two worker slots.

An agent is a line of Python that asks a scripted provider every second; fifty more in plain containers ask it straight.
The two crowds take turns, so that a call through a gateway is compared with one that meets the same machine, the same
Airflow and as many containers.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker
import psutil
import yaml

from bench.lessons import Lessons, serving
from bench.place import Status, at, status_in
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.network import AGENTS, network_of
from provision.common import TOP

_AGENTS, _TURN, _CPUS = (
    int(os.environ.get("FIFTY", "50")),
    20.0,
    0.2,
)  # agents, seconds that a crowd asks, processors that a container may take
_IMAGE, _PHASE = "phaseplan/sample-recipes:1", 7
_ASKS = """
import http.client, json, os, random, time
from urllib.parse import urlsplit
url, kind = urlsplit(os.environ["PHASEPLAN_ENDPOINT"]), os.environ["KIND"]
who, key = os.environ.get("PHASEPLAN_BRANCH", os.uname().nodename), os.environ["OPENAI_API_KEY"]
wire, turn, ms = None, "", None
while turn != "enough":
    time.sleep((1 if turn == kind else 5) * random.uniform(0.5, 1.5))
    body = {"model": "scripted", "input": "x" * 20000, "metadata": {"kind": kind, "who": who, "turn": turn, "ms": ms}}
    head, fresh = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}, wire is None
    try:
        wire = wire or http.client.HTTPConnection(url.netloc, timeout=60)
        begun = time.perf_counter()
        wire.request("POST", url.path + "/responses", json.dumps(body), head)
        answer = json.loads(wire.getresponse().read())
        ms = None if fresh else (time.perf_counter() - begun) * 1000
        turn = answer["turn"]
    except (OSError, http.client.HTTPException):
        wire, ms = None, None
os.makedirs("built/" + who)
open("built/" + who + "/made.txt", "w").write(who)
"""
#: As on a machine with one core, for which a run takes two slots.
_RUN = "import os, sys; os.cpu_count = lambda: 1; from phaseplan.cli.main import main; sys.exit(main(sys.argv[1:]))"


def measure() -> dict[str, float]:
    """Return ms that gateways add to a call, and the memory of one, while fifty agents live."""
    client = engine.connect(settings().docker_url)
    network_of(client, "bridge")
    host = str(client.api.inspect_network(AGENTS)["IPAM"]["Config"][0]["Gateway"])
    with tempfile.TemporaryDirectory() as folder, serving(host, _AGENTS) as lessons, _direct(client, lessons):
        top = Path(folder)
        watch = threading.Thread(target=_turns, args=(lessons, found := {}), daemon=True)
        watch.start()
        key = json.dumps({"conn_type": "generic", "password": "key-of-this-measurement"})
        plan = _files(top, lessons.url)
        two_slots(top, plan, {"AIRFLOW_CONN_BENCH_KEY": key, "AIRFLOW__PHASEPLAN__STATE": str(top / "state")})
        watch.join()
        status = status_in(top / "target.git", _PHASE)
    rows = {"agents at work at once": float(lessons.most)}
    for kind in ("direct", "through"):
        times = lessons.times[kind]
        rows[f"calls, {kind}"] = float(len(times))
        rows[f"call, {kind}, ms p50"] = statistics.median(times)
        rows[f"call, {kind}, ms p99"] = statistics.quantiles(times, n=100)[98]
    begun = sorted(at(branch["started"]) for branch in status["branches"].values())
    return rows | {
        "added ms p50 (aim <= 5)": rows["call, through, ms p50"] - rows["call, direct, ms p50"],
        "added ms p99 (aim <= 20)": rows["call, through, ms p99"] - rows["call, direct, ms p99"],
        **found,
        "first to last start of an agent, two slots, s": begun[-1] - begun[0],
        "branches integrated": float(sum(b["state"] == "integrated" for b in status["branches"].values())),
        "tokens counted over tokens given": _counted(status) / lessons.tokens,
    }


def _turns(lessons: Lessons, found: dict[str, float]) -> None:
    """Let the crowds take turns once all agents live, and look at the gateways meanwhile."""
    lessons.complete.wait()
    for kind in ("direct", "through", "direct", "through"):
        lessons.turn = kind
        time.sleep(5)  # the others hear of it with their next call
        lessons.counts = True
        time.sleep(_TURN / 2)
        if kind == "through":
            found.update(_memory())
        time.sleep(_TURN / 2)
        lessons.counts = False
    lessons.turn = "enough"


def _memory() -> dict[str, float]:
    """Look at the processes of gateways on this machine."""
    gateways = [p for p in psutil.process_iter(["cmdline"]) if (p.info["cmdline"] or [])[1:3] == ["-m", "gateway"]]
    infos = [process.memory_full_info() for process in gateways]
    return {
        "gateways at once": float(len(infos)),
        "memory of one, own and shared, MiB (aim <= 25)": statistics.mean(info.rss for info in infos) / 2**20,
        "of that its own": statistics.mean(info.uss for info in infos) / 2**20,
        "load of the machine over a minute": os.getloadavg()[0],
    }


def _counted(status: Status) -> float:
    models = status["usage"]["models"].values()
    return float(sum(model["input"] + model["output"] for model in models))


@contextmanager
def _direct(client: docker.DockerClient, lessons: Lessons) -> Iterator[None]:
    """Run as many agents that ask the provider directly."""
    variables = {"PHASEPLAN_ENDPOINT": f"{lessons.url}/v1", "OPENAI_API_KEY": "direct", "KIND": "direct"}
    limits = {
        "network": AGENTS,
        "mem_limit": "64m",
        "nano_cpus": int(_CPUS * 1e9),
        "working_dir": "/tmp",
        "detach": True,
    }
    made = []
    try:
        for _ in range(_AGENTS):
            made.append(client.containers.run(_IMAGE, ["python3", "-c", _ASKS], environment=variables, **limits))
        yield
    finally:
        for container in made:
            container.remove(force=True)


def _files(top: Path, url: str) -> Path:
    """Write the repository, the profile and the plan."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(top)]
    for words in (["init", "-q", "-b", "main", "work"], ["-C", "work", "commit", "-q", "--allow-empty", "-m", "Begin"],
                  ["clone", "-q", "--bare", "work", "target.git"]):  # fmt: skip
        subprocess.run([*git, *words], check=True)
    profile = {"use": "codex", "image": _IMAGE, "command": ["python3", "-c", _ASKS], "model": "scripted",
               "endpoint": f"{url}/v1", "secrets": {"key": "bench_key"}, "environment": {"KIND": "through"},
               "memory": "64m", "cpus": _CPUS, "timeout": "2h", "transcript": False}  # fmt: skip
    (top / "agents.yaml").write_text(yaml.safe_dump({"asks": profile}))
    branches = [{"id": f"{_PHASE}.1.{n}", "branch": f"feature/p{_PHASE}-{n}", "title": f"Part {n}", "brief": "Ask.",
                 "owns": [f"/built/{_PHASE}.1.{n}/"]} for n in range(1, _AGENTS + 1)]  # fmt: skip
    plan = {"phase": _PHASE, "title": "Fifty", "agent": "asks", "max_parallel_agents": _AGENTS, "depends_on": [],
            "base": "main", "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip
    (file := top / "plan.yaml").write_text(yaml.safe_dump(plan))
    return file


def two_slots(top: Path, plan: Path, variables: Mapping[str, str]) -> None:
    """Run a plan of a folder to its end, with the worker slots of a machine with one core."""
    words = ["run", str(plan), "--repository", str(top / "target.git"), "--agents", str(top / "agents.yaml")]
    command = [sys.executable, "-c", _RUN, *words, "--home", str(top / "home")]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, env={**os.environ, **variables})
    if done.returncode:
        raise SystemExit((done.stdout + done.stderr)[-4000:])
