"""Tell engines apart, whatever address they are reached by.

The id that an engine has of itself is not enough: up to version 22 it is that of a key in /etc/docker, which two
engines of one machine share, and so do machines that are copies of each other. With the machine's name and the folder
of its data it is. A machine that gets another name is another engine, which delays its open attempts and no more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from docker import DockerClient

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.text.shown import plain

_LENGTH = 12  # hexadecimal digits: short enough to be typed, and fit for a ref's name


@dataclass(frozen=True)
class Engine:
    """Identify an engine.

    :param id: outlives restarts. Empty: the engine does not say who it is.
    :param name: of its machine, for people.
    """

    id: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


def engine_of(client: DockerClient) -> Engine:
    """Ask an engine who it is.

    :raises Infrastructure: it does not answer.
    """
    with engine_errors():
        facts = client.info()
    own = [str(facts.get(key) or "") for key in ("ID", "Name", "DockerRootDir")]
    digest = hashlib.sha256("\n".join(own).encode()).hexdigest()[:_LENGTH] if own[0] else ""
    return Engine(digest, plain(str(facts.get("Name") or "unnamed"))[:80])
