"""Writes down when agents' containers begin and end, over the death of the engine that tells it."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.kills.place import now


@dataclass(frozen=True)
class Life:
    """One agent's container. Times are seconds since 1970; `ended` None: it was never seen to end."""

    container: str
    branch: str
    began: float
    ended: float | None


class Diary:
    """Follows the events of one engine until it is closed."""

    def __init__(self, docker_url: str, file: Path) -> None:
        self._url = docker_url
        self._file = file
        self._lock = threading.Lock()
        self._began: dict[str, tuple[str, str, float]] = {}  # ledger, branch and time by container
        self._ended: dict[str, float] = {}
        self._closed = threading.Event()
        self._stream: subprocess.Popen[str] | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        self._ready.wait(30)

    def close(self) -> None:
        """Stop following."""
        self._closed.set()
        if self._stream is not None:
            self._stream.terminate()
        self._thread.join(10)

    def lives(self, ledger: str) -> list[Life]:
        """The agents of one ledger, in the order in which they began."""
        with self._lock:
            mine = [(c, b, t) for c, (held, b, t) in self._began.items() if held == ledger]
            return [Life(c, b, t, self._ended.get(c)) for c, b, t in sorted(mine, key=lambda life: life[2])]

    def _follow(self) -> None:
        since = now()
        while not self._closed.is_set():
            command = ["docker", "-H", self._url, "events", "--since", f"{since:.3f}", "--format", "{{json .}}"]
            command += ["--filter", "type=container", "--filter", "label=phaseplan.role=agent"]
            command += ["--filter", "label=phaseplan.ledger", "--filter", "label=phaseplan.branch"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as stream:
                self._stream = stream
                self._ready.set()
                assert stream.stdout is not None
                for line in stream.stdout:
                    self._note(json.loads(line), line)
            if not self._closed.wait(0.2):
                self._reconcile()  # the engine went away, and its events with it

    def _note(self, event: dict[str, object], line: str) -> None:
        with self._lock, self._file.open("a") as file:
            file.write(line)
            action, actor = str(event["Action"]), event["Actor"]
            assert isinstance(actor, dict)
            labels, container, when = actor["Attributes"], str(actor["ID"]), int(str(event["timeNano"])) / 1e9
            if action == "start":
                self._began[container] = (labels["phaseplan.ledger"], labels["phaseplan.branch"], when)
                self._ended.pop(container, None)
            elif action == "die":
                self._ended[container] = when

    def _reconcile(self) -> None:
        """What an engine that answers again does not run any more has ended, by now at the latest."""
        command = ["docker", "-H", self._url, "ps", "-q", "--no-trunc"]
        said = subprocess.run(command, capture_output=True, text=True)
        if said.returncode == 0:
            with self._lock:
                for container in set(self._began) - set(self._ended) - set(said.stdout.split()):
                    self._ended[container] = now()


def together(lives: list[Life]) -> list[str]:
    """Branches that two agents worked on at the same time."""
    by_branch: dict[str, list[Life]] = defaultdict(list)
    for life in lives:
        by_branch[life.branch].append(life)
    return [
        f"{branch}: {one.container[:12]} had not ended when {two.container[:12]} began"
        for branch, mine in by_branch.items()
        for one, two in itertools.pairwise(mine)
        if one.ended is None or one.ended > two.began
    ]
