"""Tell a task that a person has stopped from a process whose worker goes away: SIGTERM says neither, Airflow knows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from phaseplan.attempt.cancel import cancel_own
from phaseplan.attempt.job import Job

#: States that a task at work has where a person has ended it, or where Airflow has given up its last try.
_ENDED = ("failed", "success", "skipped", "removed")
_PATIENCE = 2.0  # seconds; five after SIGTERM comes SIGKILL


class Stopped(BaseException):
    """The task was ended under this process. No `Exception`: what tries again on errors must not keep it."""


def ended(context: Any) -> str | None:
    """Return the state in which the task was ended; None: it is to go on, or Airflow does not answer.

    It is asked in a thread, because a signal may have come in the middle of another question to Airflow, which holds
    the only line to it.
    """
    ti, answers = context["ti"], list[str]()

    def ask() -> None:
        with suppress(Exception):  # no answer says nothing
            found = ti.get_task_states(dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id])
            answers.append(str(found.get(ti.run_id, {}).get(ti.task_id)))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return next((state for state in answers if state in _ENDED), None)


def check_not_ended(context: Any) -> None:
    """Check that the task is to go on.

    :raises Stopped: it was ended.
    """
    if state := ended(context):
        raise Stopped(
            f"This task is {state} in Airflow while it is at work: "
            "somebody has marked it so, or its last try was given up."
        )


@contextmanager
def stoppable() -> Iterator[list[Job]]:
    """Stop the agent of a job that is put into the list, and keep its work, where the task is ended."""
    jobs = list[Job]()
    try:
        yield jobs
    except Stopped as stopped:
        for job in jobs:
            job.say(f"{stopped} Its agent is stopped, its work is kept; Clear brings it back.")
            cancel_own(job)
        raise AirflowFailException(str(stopped)) from None
