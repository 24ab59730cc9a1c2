"""Measure Phase 5's shape with agents that only sleep, against the lower bound and one agent after another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from bench.place import Status, at, status_in
from provision.common import TOP

WAVES = {1: 3, 2: 4, 3: 3}  # branches a wave, as Phase 5 has them
AGENTS = 4


def measure(seconds: int) -> dict[str, float]:
    """Run the phase once with agents that sleep this long.

    The bound of `start: wave` is the sum of each wave's own bound, here one agent's time a wave.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _files(place, seconds)
        begun, used = time.time(), _Used()
        _run(place, used)
        ended = time.time()
        status = status_in(place / "repository.git", 5)
    bound = float(seconds * len(WAVES))
    first = min(at(b["started"]) for b in status["branches"].values())
    last = max(at(w["finished"]) for w in status["waves"].values())
    run = last - first
    agents = sum(b["agent_seconds"] for b in status["branches"].values())
    return {
        f"{seconds} s agents: whole command s": ended - begun,
        "first agent start to last integrate s": run,
        "over the bound (aim <= 1.05 at 120 s)": run / bound,
        "over one after another": run / (seconds * sum(WAVES.values())),
        "agents' own time over their sleep": agents / (seconds * sum(WAVES.values())),
        "before the first agent s": first - begun,
        "after the last integrate s": ended - last,
        **{f"wave {n}: integrate and start s": w for n, w in _gaps(status).items()},
        "CPU s of all but agents": used.cpu,
        "peak memory of all but agents MiB": used.memory / 2**20,
    }


def _gaps(status: Status) -> dict[str, float]:
    """Return the time of each wave that is not its longest agent's."""
    out = {}
    before = None
    for number, wave in sorted(status["waves"].items(), key=lambda kv: int(kv[0])):
        branches = [b for b in status["branches"].values() if b["wave"] == int(number)]
        ends, starts = [at(b["finished"]) for b in branches], [at(b["started"]) for b in branches]
        if before is not None:
            out[f"{number} (integrated before to first start)"] = min(starts) - before
        out[f"{number} (last agent's end to integrated)"] = at(wave["finished"]) - max(ends)
        before = at(wave["finished"])
    return out


class _Used:
    """Processor time and peak resident memory of a process tree, sampled."""

    def __init__(self) -> None:
        self._cpu: dict[tuple[int, float], float] = {}
        self.memory = 0

    @property
    def cpu(self) -> float:
        return sum(self._cpu.values())

    def watch(self, process: subprocess.Popen[bytes]) -> None:
        def sample() -> None:
            while process.poll() is None:
                self._sample(process.pid)
                time.sleep(0.5)

        threading.Thread(target=sample, daemon=True).start()

    def _sample(self, pid: int) -> None:
        total = 0
        try:
            tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            return
        for one in tree:
            try:
                times = one.cpu_times()
                self._cpu[one.pid, one.create_time()] = times.user + times.system
                total += one.memory_info().rss - one.memory_info().shared
            except psutil.Error:
                continue
        self.memory = max(self.memory, total)


def _run(place: Path, used: _Used) -> None:
    command = [sys.executable, "-m", "phaseplan.cli.main", "run", str(place / "plan.yaml")]
    command += ["--repository", str(place / "repository.git"), "--agents", str(place / "agents.yaml")]
    command += ["--home", str(place / "home")]
    with (place / "out.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=TOP, stdout=log, stderr=subprocess.STDOUT)
        used.watch(process)
        if process.wait() != 0:
            raise SystemExit((place / "out.log").read_text()[-4000:])


def _files(place: Path, seconds: int) -> None:
    """Write a repository, an agent that sleeps and writes one file, a plan of Phase 5's shape."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (
        ["init", "-q", "-b", "main", str(place / "work")],
        ["-C", str(place / "work"), "commit", "-q", "--allow-empty", "-m", "base"],
        ["clone", "-q", "--bare", str(place / "work"), str(place / "repository.git")],
    ):
        subprocess.run([*git, *command], check=True, env=environment)
    script = f'sleep {seconds}; mkdir -p work; echo "$PHASEPLAN_BRANCH" > work/$PHASEPLAN_BRANCH.txt'
    (place / "agents.yaml").write_text(
        json.dumps({"sleeper": {"image": "debian:bookworm-slim", "command": ["sh", "-c", script], "cpus": 0.5}})
    )
    (place / "plan.yaml").write_text(json.dumps(_plan()))


def _plan() -> dict[str, object]:
    waves = []
    for number, count in WAVES.items():
        branches = [
            {
                "id": f"5.{number}.{b}",
                "branch": f"feature/p5w{number}-b{b}",
                "title": f"Branch {b}",
                "agent_label": f"Agent {b}",
                "owns": [f"work/5.{number}.{b}.txt"],
                "depends_on": [f"5.{number - 1}.{b}"] if number > 1 and b <= WAVES[number - 1] else [],
            }
            for b in range(1, count + 1)
        ]
        waves.append({"wave": number, "branches": branches})
    return {
        "phase": 5,
        "title": "Sleepers",
        "attempts": 1,
        "agent": "sleeper",
        "max_parallel_agents": AGENTS,
        "waves": waves,
    }
