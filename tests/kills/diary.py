"""Writes down when agents' containers begin and end, over the death of the engine that tells it."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.engine_events import Event, Events
from tests.kills.place import now


@dataclass(frozen=True)
class Life:
    """One agent's container. Times are seconds since 1970; `ended` None: it was never seen to end."""

    container: str
    branch: str
    began: float
    ended: float | None


class Diary:
    """Follows the agents of one engine until it is closed."""

    def __init__(self, docker_url: str, file: Path) -> None:
        self._url = docker_url
        self._file = file
        self._lock = threading.Lock()
        self._began: dict[str, tuple[str, str, float]] = {}  # ledger, branch and time by container
        self._ended: dict[str, float] = {}
        self._events = Events(docker_url, heard=self._note, gap=self._reconcile)

    def close(self) -> None:
        """Stop following."""
        self._events.close()

    def lives(self, ledger: str, *, gone: float | None = None) -> list[Life]:
        """The agents of one ledger, in the order in which they began.

        :param gone: when the engine died for good, and its agents with it: it cannot be asked whether all was heard.
        """
        if gone is None:
            self._events.settle()
        with self._lock:
            mine = [(c, b, t) for c, (held, b, t) in self._began.items() if held == ledger]
            return [Life(c, b, t, self._ended.get(c, gone)) for c, b, t in sorted(mine, key=lambda life: life[2])]

    def _note(self, event: Event) -> None:
        labels, container, when = event["Actor"]["Attributes"], str(event["Actor"]["ID"]), int(event["timeNano"]) / 1e9
        if labels.get("phaseplan.role") != "agent" or not labels.get("phaseplan.ledger"):
            return
        with self._lock, self._file.open("a") as file:
            file.write(json.dumps(event) + "\n")
            if event["Action"] == "start":
                self._began[container] = (labels["phaseplan.ledger"], labels["phaseplan.branch"], when)
                self._ended.pop(container, None)
            elif event["Action"] == "die":
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
