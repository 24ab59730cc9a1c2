"""Measure how much agents have written to the engine's disk, once for all agents, at most every 30 seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import docker

from phaseplan.containers.engine import WORKSPACE
from phaseplan.containers.engine_errors import engine_errors
from phaseplan.containers.identity import engine_of
from phaseplan.errors import Infrastructure

INTERVAL = 30.0  # seconds between two measurements; an agent may write beyond its limit for so long


class Usage:
    """Report what the containers of an engine have written; all callers in this process share one answer."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._lock = threading.Lock()
        self._measured: dict[str, tuple[float, Mapping[str, int]]] = {}

    def of(self, client: docker.DockerClient, container_id: str) -> int:
        """Return the bytes in a container's own layer and its workspace; 0 where the engine does not say.

        An engine answers one such question at a time and refuses a second: then the last measurement is used.
        """
        try:
            engine = engine_of(client).id  # all sockets have one base URL
        except Infrastructure:
            return 0
        with self._lock:
            when, sizes = self._measured.get(engine, (float("-inf"), {}))
            if time.monotonic() - when >= self._interval:
                try:
                    with engine_errors():
                        sizes = sizes_of(client.api.df())
                except Infrastructure:
                    pass
                self._measured[engine] = (time.monotonic(), sizes)
        return sizes.get(container_id, 0)


def sizes_of(listing: Mapping[str, Any]) -> dict[str, int]:
    """Compute bytes by container from the data behind `docker system df`."""
    volumes = {v["Name"]: int((v.get("UsageData") or {}).get("Size") or 0) for v in listing.get("Volumes") or ()}
    return {
        str(c["Id"]): int(c.get("SizeRw") or 0)
        + sum(max(0, volumes.get(m.get("Name", ""), 0)) for m in c["Mounts"] if m.get("Destination") == WORKSPACE)
        for c in listing.get("Containers") or ()
    }


USAGE = Usage()
