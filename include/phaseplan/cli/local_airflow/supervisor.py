"""Own the processes of a local Airflow: start them, restart those that died, end them all."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from phaseplan.cli.local_airflow import guard
from phaseplan.cli.local_airflow.home import AIRFLOW, Home
from phaseplan.errors import Infrastructure

COMPONENTS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
#: What these leave when they die may end in peace: a task talks to the API server, not to the scheduler, so it
#: finishes, and the next scheduler sees it. Whatever else is left would work beside its successor.
LEAVES_TASKS = {"scheduler"}
GRACE = 8.0  # seconds to end by itself
RESTARTS = 5  # of one component within WINDOW
WINDOW = 300.0  # seconds


@dataclass(frozen=True)
class Restart:
    """Record that a component had died and was started again."""

    component: str
    exit_code: int


class Supervisor:
    """Run the components of one home, each in a session of its own with its log in `logs/<component>.log`.

    Whatever happens to this process, nothing it started outlives it: `stop` on every ordinary way out, and a
    guard process that sees its pipe close on any other.
    """

    def __init__(self, home: Home, grace: float = GRACE) -> None:
        self.home = home
        self.grace = grace
        self.started = datetime.now(UTC)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._orphaned: set[int] = set()  # sessions whose leader died before the last of its tasks
        self._deaths: list[tuple[float, str]] = []
        self._guard = subprocess.Popen(
            [sys.executable, guard.__file__, str(grace)], stdin=subprocess.PIPE, start_new_session=True
        )

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Return the process id of each component."""
        return {name: child.pid for name, child in self._children.items()}

    def start(self) -> None:
        """Start all components at once; none needs another to come up."""
        for name in COMPONENTS:
            self._start(name)

    def _start(self, name: str) -> None:
        with self.log(name).open("ab") as log:
            self._children[name] = subprocess.Popen(
                [*AIRFLOW, *COMPONENTS[name]],
                env=dict(self.home.environment),
                cwd=self.home.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._register("+", self._children[name].pid)

    def _register(self, sign: str, pid: int) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{sign}{pid} {guard.begun(pid)}\n".encode())
        self._guard.stdin.flush()

    def log(self, name: str) -> Path:
        """Return the file of a component's own log."""
        return self.home.logs / f"{name}.log"

    def check(self) -> list[Restart]:
        """Start components that have died again.

        :raises Infrastructure: a component keeps dying.
        """
        restarts = []
        self._forget_ended_sessions()
        for name, child in list(self._children.items()):
            if (code := child.poll()) is not None:
                self._bounded(name, code)
                self._orphaned.add(child.pid)
                if name not in LEAVES_TASKS:
                    guard.end({child.pid}, 1.0)
                self._start(name)
                restarts.append(Restart(name, code))
        return restarts

    def renew(self) -> None:
        """Kill every component, so that the next `check` starts it: after a full disk it may live and do nothing."""
        self._deaths.clear()
        for child in self._children.values():
            child.kill()
            child.wait()

    def _forget_ended_sessions(self) -> None:
        """Forget sessions without processes, whose numbers the system may use again, or has."""
        if self._orphaned:
            living = guard.members(self._orphaned)
            strangers = self._orphaned & living.keys()  # our leader is dead: another process has its number now
            for session in self._orphaned - (set(living.values()) - strangers):
                self._orphaned.discard(session)
                self._register("-", session)

    def _bounded(self, name: str, code: int) -> None:
        now = time.monotonic()
        self._deaths = [(when, component) for when, component in self._deaths if now - when < WINDOW] + [(now, name)]
        if Counter(component for _, component in self._deaths)[name] > RESTARTS:
            raise Infrastructure(
                f"Airflow's {name} died {RESTARTS + 1} times within {WINDOW:.0f} s, last with exit {code}. "
                f"The end of {self.log(name)}:\n{tail(self.log(name))}"
            )

    def stop(self) -> bool:
        """End everything; return whether all ended without SIGKILL. A second call does nothing."""
        clean = guard.end({child.pid for child in self._children.values()} | self._orphaned, self.grace)
        # The guard looks once more. Until it has, the ended children stay zombies, which keep their numbers: given to
        # a stranger, as the first process of a container, such a number would get that stranger killed.
        if self._guard.stdin is not None and not self._guard.stdin.closed:
            self._guard.stdin.close()
        self._guard.wait()
        for child in self._children.values():
            child.wait()
        self._children.clear()
        self._orphaned.clear()
        return clean


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16384))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""
