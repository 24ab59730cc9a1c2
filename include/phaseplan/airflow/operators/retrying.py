"""Decide how long a task waits for infrastructure, by what is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryPolicy
from airflow.sdk.definitions.retry_policy import RetryDecision

from phaseplan.attempt.job import ProviderAway
from phaseplan.containers.engine_errors import DiskFull, EngineUnreachable
from phaseplan.repository.refusals import RepositoryUnreachable

#: Tries after the first one. A policy can end a task early and never give it more, so this is enough for what lasts.
RETRIES = 12
FEW = 3  # of a trouble that nobody knows
SLOWEST = 600.0  # seconds between two tries; with all of them a task waits for more than an hour
LONGEST = 6 * 3600.0  # seconds for which a task waits because a provider asks for it
_PASSING = (EngineUnreachable, RepositoryUnreachable, DiskFull, ProviderAway)


class ByCause(RetryPolicy):
    """Retry an engine, a repository, a disk or an agent's provider for up to an hour; other things three times.

    :param delay: seconds before the first retry; each further one waits twice as long.
    """

    def __init__(self, delay: float) -> None:
        self.delay = delay

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any | None = None
    ) -> RetryDecision:
        """Decide by the cause that `faults` has put behind the exception."""
        cause = exception.__cause__ or exception
        begun = max(0, max_tries - RETRIES)  # tries before the last Clear
        tried = max(1, try_number - begun)
        wait = timedelta(seconds=max(min(self.delay * 2.0 ** (tried - 1), SLOWEST), _asked(cause)))
        first = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
        if isinstance(cause, _PASSING):
            return RetryDecision.retry(wait, f"waiting for it to come back: {first}")
        if tried > FEW:
            return RetryDecision.fail(f"tried {tried} times: {first}")
        return RetryDecision.retry(wait, f"try {tried} of {FEW + 1}: {first}")


def _asked(cause: BaseException) -> float:
    """Return the seconds for which a provider asked to wait."""
    asked = cause.retry_after if isinstance(cause, ProviderAway) else None
    return min(asked or 0.0, LONGEST)
