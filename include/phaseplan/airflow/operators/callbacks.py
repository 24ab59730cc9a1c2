"""Clean up after a failed or retried branch at once; `integrate` does it again if no callback runs."""

from __future__ import annotations

import logging
from typing import Any

from phaseplan.airflow.operators.run import job_of, pulled_token
from phaseplan.attempt.clean_up import settle
from phaseplan.errors import PhaseplanError

log = logging.getLogger(__name__)


def branch_failed(context: Any) -> None:
    """Clean up in `on_failure_callback`: no try of this task follows."""
    _settle(context, over=True)


def branch_retries(context: Any) -> None:
    """Clean up in `on_retry_callback`: the next try follows what still runs."""
    _settle(context, over=False)


def _settle(context: Any, *, over: bool) -> None:
    """Settle by what refs and labels say, never by the exception; a failure of it is left to `integrate`."""
    task = context["task"]
    if not in_worker(context):
        log.info("%s is not in a worker here: integrate or open_phase settles it.", task.branch)
        return
    if pulled_token(context) is None:
        return  # the run was never opened, so this task has touched nothing
    try:
        with job_of(context, task, task.branch) as job:
            settle(job, over=over)
    except PhaseplanError as error:
        log.warning("%s could not be settled now, integrate does it: %s", task.branch, error)


def in_worker(context: Any) -> bool:
    """Say whether a worker runs this callback. The DAG processor runs some, late, twice or never, and only a
    worker's task instance was given the DAG bundle it runs from (Airflow 3.3.2)."""
    return getattr(context["ti"], "bundle_instance", None) is not None
