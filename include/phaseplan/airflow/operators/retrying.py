"""Decide how long a task waits for infrastructure, by what is missing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.sdk import RetryPolicy
from airflow.sdk.definitions.retry_policy import RetryDecision

from phaseplan.attempt.job import ProviderAway
from phaseplan.containers.engine_errors import DiskFull, EngineUnreachable
from phaseplan.containers.engines.room import EngineFull
from phaseplan.delivery.errors import ForgeAway
from phaseplan.ledger.approval.asking import AskAgain
from phaseplan.ledger.money.budgets import BudgetHeld
from phaseplan.ledger.pause.pauses import LONGEST, Paused
from phaseplan.repository.refusals import RepositoryUnreachable

log = logging.getLogger(__name__)

#: Tries after the first one, for what lasts. A policy can end a task early and never give it more.
RETRIES = 12
#: Those of a branch, whose profile may be paused: a try each ten minutes is eleven hours, so that a night is survived.
BRANCH_RETRIES = 72
FEW = 3  # of a trouble that nobody knows
SLOWEST = 600.0  # seconds between two tries; with all of them a task waits for more than an hour
_KEY = "phaseplan_paused"
_PASSING = (EngineUnreachable, RepositoryUnreachable, DiskFull, ProviderAway, ForgeAway)


class ByCause(RetryPolicy):
    """Retry engine, repository, disk or an agent's provider for an hour, budgets and room for hours; others thrice.

    A profile that is paused is waited for as long as its pause says, and uses up none of these.

    :param delay: seconds before the first retry; each further one waits twice as long.
    :param retries: of the task.
    """

    def __init__(self, delay: float, retries: int = RETRIES) -> None:
        self.delay = delay
        self.retries = retries

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any | None = None
    ) -> RetryDecision:
        """Decide by the cause that `faults` has put behind the exception."""
        cause = exception.__cause__ or exception
        first = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
        waited = _Waited.of(context, max_tries)
        if isinstance(cause, Paused):
            waited.one_more()
            return RetryDecision.retry(timedelta(seconds=cause.seconds), first)
        if isinstance(cause, AskAgain):
            waited.one_more()
            return RetryDecision.retry(timedelta(seconds=1), first)  # the next try is a new question for people
        begun = max(0, max_tries - self.retries)  # tries before the last Clear
        if isinstance(cause, BudgetHeld | EngineFull):
            waited.one_more()
            delay = self.delay * 2.0 ** min(max(1, try_number - begun) - 1, 20)
            return RetryDecision.retry(timedelta(seconds=min(delay, SLOWEST)), first)
        tried = max(1, try_number - begun - waited.tries)
        wait = timedelta(seconds=max(min(self.delay * 2.0 ** min(tried - 1, 20), SLOWEST), _asked(cause)))
        if isinstance(cause, _PASSING) and tried <= RETRIES:
            return RetryDecision.retry(wait, f"waiting for it to come back: {first}")
        if tried > FEW or isinstance(cause, _PASSING):
            return RetryDecision.fail(f"tried {tried} times: {first}")
        return RetryDecision.retry(wait, f"try {tried} of {FEW + 1}: {first}")


def _asked(cause: BaseException) -> float:
    """Return the seconds for which a provider or a forge asked to wait."""
    asked = cause.retry_after if isinstance(cause, ProviderAway | ForgeAway) else None
    return min(asked or 0.0, LONGEST)


@dataclass
class _Waited:
    """Count the tries of a task that only met the pause of a profile: they are no trouble of its own.

    Airflow keeps the number from try to try. Without it a pause counts as a try, which ends a task earlier.
    """

    store: Any
    max_tries: int  # which a Clear changes
    tries: int

    @classmethod
    def of(cls, context: Any | None, max_tries: int) -> _Waited:
        """Read the number, for the tries since the last Clear."""
        store = context.get("task_state_store") if context else None
        try:
            found = store.get(_KEY) if store is not None else None
        except Exception as error:
            log.warning("How often the task has met a pause is not known: %s", type(error).__name__)
            found = None
        kept = found if isinstance(found, dict) and found.get("max_tries") == max_tries else {}
        return cls(store, max_tries, int(kept.get("tries", 0)))

    def one_more(self) -> None:
        """Count one."""
        self.tries += 1
        try:
            if self.store is not None:
                self.store.set(_KEY, {"max_tries": self.max_tries, "tries": self.tries})
        except Exception as error:
            log.warning("That the task has met a pause cannot be kept: %s", type(error).__name__)
