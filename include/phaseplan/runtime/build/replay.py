"""What an agent said, once more in its task's own log, where Airflow would lose it."""

from __future__ import annotations

from include.phaseplan.runtime.build.job import View
from include.phaseplan.runtime.engine import find
from include.phaseplan.runtime.follow import read
from include.phaseplan.runtime.redact import Redactor


def replay(view: View, attempt: int) -> None:
    """Say the output of an attempt's agent; called before its task may defer again in the same try.

    A trigger's lines go to a file of its own, which Airflow 3.3.2 opens anew at each deferral of one try: what it held
    of an earlier container is gone. The last deferral's stays, so it is not said twice.
    """
    job = view.job
    if not job.here.deferrable:
        return  # the task has followed it itself
    redact = Redactor(job.secrets(view.profile).values())
    for container in find(
        job.client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id, attempt=attempt, role="agent"
    ):
        job.say(f"What the agent of attempt {attempt} said:")
        read(job.client, container.id, lambda line: job.say(redact(line)))
