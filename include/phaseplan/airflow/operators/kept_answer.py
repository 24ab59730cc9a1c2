"""Keep what a person has answered over the tries of the task that asked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)

_KEY = "phaseplan_answer"
_KNOWN = ("error", "error_type", "chosen_options", "params_input")


@dataclass(frozen=True)
class KeptAnswer:
    """Keep an answer from try to try of a task, which Airflow itself does not: it would be asked for once more.

    Without the store, or after a Clear, a person is asked again.
    """

    store: Any
    max_tries: int  # which a Clear changes

    @classmethod
    def of(cls, context: Any) -> KeptAnswer:
        """Return that of a task."""
        return cls(context.get("task_state_store"), context["ti"].max_tries)

    def keep(self, event: Mapping[str, Any]) -> None:
        """Keep what Airflow handed over, as far as it is read again."""
        known = {
            key: event.get(key) for key in ("error", "error_type", "chosen_options", "params_input") if key in event
        }
        user = event.get("responded_by_user") or {}
        known["responded_by_user"] = {key: user.get(key) for key in ("id", "name")}
        self._set({"max_tries": self.max_tries, "event": known})

    def answer(self) -> Mapping[str, Any] | None:
        """Return what was kept since the last Clear; None: nothing."""
        try:
            found = self.store.get(_KEY) if self.store is not None else None
        except Exception as error:
            log.warning("Whether the question was answered before is not known: %s", type(error).__name__)
            return None
        if not isinstance(found, dict) or found.get("max_tries") != self.max_tries:
            return None
        return dict(found["event"])

    def forget(self) -> None:
        """Forget it: it could not be taken."""
        self._set({})

    def _set(self, value: dict[str, Any]) -> None:
        try:
            if self.store is not None:
                self.store.set(_KEY, value)
        except Exception as error:
            log.warning("That the question was answered cannot be kept: %s", type(error).__name__)
