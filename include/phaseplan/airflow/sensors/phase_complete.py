"""Wait for another phase without holding a worker slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, TaskDeferralTimeout

from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.triggers.phase_complete import PhaseCompleteTrigger
from phaseplan.errors import Infrastructure
from phaseplan.report.standing import Standing, Wait, advice
from phaseplan.report.watching import WATCH


class PhaseCompleteSensor(BaseOperator):
    """Succeed when another phase is complete; never skip: a phase that failed is a failure, and so is a timeout.

    :param phase: the phase that is waited for.
    :param repository: the waiting plan's own repository, or None for the configured one.
    :param poll_seconds: time between two looks of a long wait.
    :param timeout_seconds: how long to wait at most.
    """

    ui_color = "#e8f5e9"

    def __init__(
        self,
        *,
        phase: int,
        repository: str | None = None,
        poll_seconds: float = 10.0,
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
        wait = self._look()
        self._decide(wait, Standing.ABSENT)
        if not wait.complete:
            self._defer(datetime.now(UTC) + timedelta(seconds=self.timeout_seconds))

    def execute_complete(self, context: Any, event: dict[str, Any]) -> None:
        """Look again after the trigger: what it saw may have changed.

        :raises AirflowFailException: the phase failed, or has no plan.
        """
        wait = self._look()
        self._decide(wait, event.get("saw"))
        if not wait.complete:
            self._defer(datetime.fromisoformat(event["until"]))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Resume as Airflow does, but let a timeout say what it waited for.

        :raises AirflowFailException: time is up and the phase is not complete.
        """
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            wait = self._look()
            if not wait.complete:
                raise AirflowFailException(
                    f"Phase {self.phase} did not become complete in {timedelta(seconds=self.timeout_seconds)}. "
                    f"{wait.reason}\nNext: Clear this task to wait again. {advice(self.phase)}"
                ) from error

    def _look(self) -> Wait:
        """Look at the phase; an unreachable repository is no reason to stop waiting."""
        with faults():
            try:
                wait = WATCH.look(self.phase, self.repository)
            except Infrastructure as error:
                wait = Wait(self.phase, Standing.WAITING, f"It cannot be looked at, which is tried again: {error}")
        if wait.standing is not Standing.FAILED:  # that is said once, by the failure itself
            self.log.info("%s", wait.reason)
        return wait

    def _decide(self, wait: Wait, saw: Any) -> None:
        """Fail if waiting is in vain; a plan file may be missing while it is written, unless that lasts."""
        if wait.standing is Standing.FAILED:
            raise AirflowFailException(f"{wait.reason}\n{advice(self.phase)}")
        if wait.standing is Standing.ABSENT and saw == Standing.ABSENT:
            raise AirflowFailException(f"{wait.reason} Then Clear this task.")

    def _defer(self, until: datetime) -> None:
        self.defer(
            trigger=PhaseCompleteTrigger(
                phase=self.phase,
                repository=self.repository,
                poll_seconds=self.poll_seconds,
                until=until.isoformat(),
            ),
            method_name="execute_complete",
            timeout=max(timedelta(seconds=1), until - datetime.now(UTC)),
        )
