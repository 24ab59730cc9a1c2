"""Measure a crowd of agents that live at once in a real Airflow with two worker slots, as branches of one wave.

An agent prints lines, sleeps, prints lines, and leaves what it has printed in a file. CROWD is how many there are,
CROWD_SECONDS how long each sleeps, CROWD_CHATTER how many lines each prints one by one meanwhile. With an engines file
(AIRFLOW__PHASEPLAN__ENGINES) they are spread over its engines, each of which needs the image.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import yaml

from bench.fifty import two_slots
from bench.place import Status, at, processor, status_in
from phaseplan.config.engines import engines

_PHASE, _IMAGE = 7, "debian:bookworm-slim"
_COUNT = int(os.environ.get("CROWD", "50"))
_SECONDS = int(os.environ.get("CROWD_SECONDS", "60"))
_CHATTER = int(os.environ.get("CROWD_CHATTER", "0"))  # lines of each agent while it sleeps
_LINES = 400 + _CHATTER  # of each agent
#: Each line is one that no other agent prints.
_AGENT = f"""
b=$PHASEPLAN_BRANCH; mkdir -p "built/$b"
say() {{
    i=$1
    while [ $i -lt $2 ]; do i=$((i+1)); echo "$b says line $i: $((i * 7919 % 10007))"; done | tee -a "built/$b/said.txt"
}}
say 0 200; n=200
while [ $n -lt {200 + _CHATTER} ]; do sleep {_SECONDS / max(1, _CHATTER):.3f}; say $n $((n+1)); n=$((n+1)); done
{":" if _CHATTER else f"sleep {_SECONDS}"}; say {200 + _CHATTER} {_LINES}
"""


def measure() -> dict[str, float]:
    """Return times, processor and memory of a crowd, and whether each line that went in came out."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        plan = _files(top)
        before, begun = _processor(), time.time()
        watch = _Watch()
        two_slots(top, plan, {"AIRFLOW__PHASEPLAN__STATE": str(top / "state")})
        memory, spent = watch.stop(), _processor() - before
        status = status_in(top / "target.git", _PHASE)
        branches = status["branches"].values()
        started = sorted(at(branch["started"]) for branch in branches)
        ends = {name: at(branch["finished"]) for name, branch in status["branches"].items()}
        verdicts = dict(_verdicts(top / "target.git"))
        lags = [verdicts[name] - end for name, end in ends.items()]
        wave = at(status["waves"]["1"]["finished"])
        return {
            "agents": float(_COUNT),
            "engines": float(len(engines()) or 1),
            "branches integrated": float(sum(branch["state"] == "integrated" for branch in branches)),
            "first to last start of an agent, s": started[-1] - started[0],
            "alive at once, at most": float(_most(started, sorted(ends.values()))),
            "an agent's end to its verdict, mean s": statistics.mean(lags),
            "an agent's end to its verdict, p90 s": statistics.quantiles(lags, n=10)[8],
            "last agent's end to last verdict, a branch, s (aim <= 0.3)": (max(verdicts.values()) - max(ends.values()))
            / _COUNT,
            "first agent's end to last verdict, a branch, s": (max(verdicts.values()) - min(ends.values())) / _COUNT,
            "last agent's end to the published wave, s": wave - max(ends.values()),
            "whole command, s": time.time() - begun,
            "processor, s": spent,
            "processor of a branch, s (aim <= 1)": spent / _COUNT,
            "  of which from the first agent's start on, s": (spent - watch.spent_until(started[0])) / _COUNT,
            "memory of all but agents, at most, MiB": memory / 2**20,
            "branches whose lines all came out, in order": float(_whole(top, status)),
            "load of the machine over a minute": os.getloadavg()[0],
        }


class _Watch:
    """Look at the processes of the run while it runs."""

    def __init__(self) -> None:
        self.most, self._spent = 0.0, [(time.time(), 0.0)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Return the most memory that was seen."""
        self._over.set()
        self._thread.join()
        return self.most

    def spent_until(self, moment: float) -> float:
        """Return the processor that was taken before a moment: that of starting an Airflow."""
        return max(spent for seen, spent in self._spent if seen <= moment)

    def _look(self) -> None:
        own = psutil.Process()
        before = processor(own)
        while not self._over.wait(2):
            self._spent.append((time.time(), processor(own) - before))
            total = 0.0
            for process in own.children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.most = max(self.most, total)


def _processor() -> float:
    """Return the seconds of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _verdicts(target: Path) -> Iterator[tuple[str, float]]:
    """Yield each branch with the moment at which the target took its result."""
    logs = target / f"logs/refs/phaseplan/phase-{_PHASE}/results"
    for file in logs.glob("*/1.1"):
        yield file.parent.name, float(file.read_text().splitlines()[0].split("\t")[0].split()[-2])


def _most(started: list[float], ended: list[float]) -> int:
    """Return how many lived at one moment."""
    moves = sorted([(moment, 1) for moment in started] + [(moment, -1) for moment in ended])
    most = alive = 0
    for _, change in moves:
        alive += change
        most = max(most, alive)
    return most


def _whole(top: Path, status: Status) -> int:
    """Count branches whose task's log has exactly the lines that the agent's own file has, by checksum."""
    whole = 0
    for name in status["branches"]:
        show = ["git", "-C", str(top / "target.git"), "show", f"integration/phase-{_PHASE}:built/{name}/said.txt"]
        given = subprocess.run(show, capture_output=True, text=True).stdout.splitlines()
        whole += len(given) == _LINES and _sum(given) == _sum(_logged(top / "home/logs", name))
    return whole


def _logged(logs: Path, branch: str) -> list[str]:
    """Return the agent's lines in all parts of a task's log: the worker's, and its triggers'."""
    found = []
    for file in sorted(logs.glob(f"dag_id=*/run_id=*/task_id=wave_1.{branch.replace('.', '-')}_*/attempt=*")):
        for line in file.read_text(errors="replace").splitlines():
            try:
                event = str(json.loads(line).get("event", ""))
            except ValueError:
                event = line
            found += [event[event.index(f"{branch} says") :]] if f"{branch} says" in event else []
    return sorted(found, key=lambda line: int(line.split(":")[0].split()[-1]))


def _sum(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _files(top: Path) -> Path:
    """Write the repository, the profile and the plan."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(top)]
    for words in (["init", "-q", "-b", "main", "work"], ["-C", "work", "commit", "-q", "--allow-empty", "-m", "Begin"],
                  ["clone", "-q", "--bare", "work", "target.git"],
                  ["-C", "target.git", "config", "core.logAllRefUpdates", "always"]):  # fmt: skip
        subprocess.run([*git, *words], check=True)
    profile = {"image": _IMAGE, "command": ["sh", "-c", _AGENT], "memory": "64m", "cpus": 0.2, "timeout": "2h"}
    (top / "agents.yaml").write_text(yaml.safe_dump({"says": profile}))
    branches = [{"id": f"{_PHASE}.1.{n}", "branch": f"feature/p{_PHASE}-{n}", "title": f"Part {n}",
                 "owns": [f"/built/{_PHASE}.1.{n}/"]} for n in range(1, _COUNT + 1)]  # fmt: skip
    plan = {"phase": _PHASE, "title": "A crowd", "agent": "says", "max_parallel_agents": _COUNT, "depends_on": [],
            "base": "main", "gates": {"max_lines": 10_000}, "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip
    (file := top / "plan.yaml").write_text(yaml.safe_dump(plan))
    return file
