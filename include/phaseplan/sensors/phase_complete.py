"""A phase waits for a phase without holding a worker slot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator

from include.phaseplan.operators.faults import faults
from include.phaseplan.runtime.complete import look
from include.phaseplan.triggers.phase_complete import PhaseCompleteTrigger


class PhaseCompleteSensor(BaseOperator):
    """Succeeds when another phase is complete; never skips: running out of time is a failure.

    :param phase: the phase that is waited for.
    :param repository: the waiting plan's own repository, or None for the configured one.
    :param poll_seconds: time between two looks at the phase's ledger.
    :param timeout_seconds: how long to wait at most.
    """

    ui_color = "#e8f5e9"

    def __init__(
        self,
        *,
        phase: int,
        repository: str | None = None,
        poll_seconds: float = 15.0,
        timeout_seconds: float = 24 * 3600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.phase = phase
        self.repository = repository
        self.poll_seconds = poll_seconds
        self.timeout_seconds = timeout_seconds

    def execute(self, context: Any) -> None:
        """Look once; wait in the triggerer when the phase is not complete."""
        with faults():
            wait = look(self.phase, self.repository)
        self.log.info("%s", wait.reason)
        if not wait.complete:
            self.defer(
                trigger=PhaseCompleteTrigger(
                    phase=self.phase, repository=self.repository, poll_seconds=self.poll_seconds
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout_seconds),
            )

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        """The trigger has seen the phase complete."""
        self.log.info("Phase %s is complete.", event["phase"])
