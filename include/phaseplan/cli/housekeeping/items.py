"""Hold one thing that `gc` can free, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Item:
    """Describe one thing that is of no use.

    :param kind: attempt, container, volume, network, image, cache or log.
    :param name: what people know it by.
    :param of: the phase, branch and attempt that it was of; empty for what belongs to none.
    :param size: bytes; 0 where they are not known.
    :param free: frees it; returns False where it is in use by now.
    """

    kind: str
    name: str
    of: str
    since: datetime
    size: int
    free: Callable[[], bool]

    def as_dict(self, freed: bool | None) -> dict[str, Any]:
        """Return it as JSON has it.

        :param freed: None: it was only shown.
        """
        since = self.since.isoformat(timespec="seconds")
        shown = {"kind": self.kind, "name": self.name, "of": self.of, "since": since, "size": self.size}
        return shown if freed is None else {**shown, "freed": freed}
