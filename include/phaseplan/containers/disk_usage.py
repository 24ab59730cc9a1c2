"""Measure how much agents have written to the engine's disk, once for all agents, at most every 30 seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import docker

from phaseplan.containers.engine import WORKSPACE
from phaseplan.containers.engine_errors import engine_errors
from phaseplan.errors import Infrastructure

INTERVAL = 30.0  # seconds between two looks; an agent may write beyond its limit for so long


class Usage:
    """What the containers of an engine have written. The answer is shared by everybody in this process."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, Mapping[str, int]]] = {}

    def of(self, client: docker.DockerClient, container_id: str) -> int:
        """Bytes in a container's own layer and its workspace; 0 where the engine does not say.

        An engine answers one such question at a time and refuses a second: then the next look has to do.
        """
        engine = str(client.api.base_url)
        with self._lock:
            when, sizes = self._seen.get(engine, (float("-inf"), {}))
            if time.monotonic() - when >= self._interval:
                try:
                    with engine_errors():
                        sizes = sizes_of(client.api.df())
                except Infrastructure:
                    pass
                self._seen[engine] = (time.monotonic(), sizes)
        return sizes.get(container_id, 0)


def sizes_of(listing: Mapping[str, Any]) -> dict[str, int]:
    """Bytes by container, out of what `docker system df` is made from."""
    volumes = {v["Name"]: int((v.get("UsageData") or {}).get("Size") or 0) for v in listing.get("Volumes") or ()}
    return {
        str(c["Id"]): int(c.get("SizeRw") or 0)
        + sum(max(0, volumes.get(m.get("Name", ""), 0)) for m in c["Mounts"] if m.get("Destination") == WORKSPACE)
        for c in listing.get("Containers") or ()
    }


USAGE = Usage()
