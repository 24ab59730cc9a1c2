"""Carry what a task has logged over a deferral: Airflow shows the log of the worker that had the task last, alone.

A try that another worker resumes would lose what the first one wrote: Airflow 3.3.2 asks only the host that a task
instance names, and a resume overwrites that name. So the next worker with a log of its own repeats it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow.sdk.log import mask_logs

LINES = 100  # of each worker are carried, the last ones: they go through Airflow's database
WIDTH = 500  # characters of each
Segment = Mapping[str, Any]


class Story:
    """Hold what a task logs in this process, and what others logged before it in the same try.

    :param host: by which Airflow finds this process's log.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._earlier: list[Segment] = []
        self._lines: deque[str] = deque(maxlen=LINES)
        self._count = 0

    def listen(self, say: Callable[[str], None]) -> Callable[[str], None]:
        """Return a sink that keeps each line, and passes it on."""

        def both(line: str) -> None:
            self._count += 1
            self._lines.append(str(mask_logs(None, "info", {"event": line})["event"])[:WIDTH])
            say(line)

        return both

    def repeat(self, earlier: Iterable[Segment], say: Callable[[str], None]) -> None:
        """Log what this host's log lacks of what was logged before a deferral."""
        for segment in earlier:
            hosts = [str(host) for host in segment["hosts"]]
            if self._host not in hosts:
                left_out = int(segment["count"]) - len(segment["lines"])
                say(f"Until it was deferred, this try ran on {hosts[0]}, and logged there:")
                for line in [*([f"[{left_out} lines are left out here]"] if left_out else []), *segment["lines"]]:
                    say(f"  {line}")
                hosts.append(self._host)
            self._earlier.append({**segment, "hosts": hosts})

    def told(self) -> list[Segment]:
        """Return all of it, as a deferral carries it."""
        own = {"hosts": [self._host], "count": self._count, "lines": list(self._lines)}
        return [*self._earlier, *([own] if self._count else [])]
