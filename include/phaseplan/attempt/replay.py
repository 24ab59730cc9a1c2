"""Write an agent's output into its task's log, where Airflow or a trigger would lose it."""

from __future__ import annotations

from phaseplan.attempt.job import View
from phaseplan.attempt.secrets import known_secrets
from phaseplan.containers.engine import Found, find
from phaseplan.containers.log_following import read
from phaseplan.containers.redact import Redactor
from phaseplan.text.excerpt import Excerpt
from phaseplan.text.shown import one_line

_ROTATED = 15 << 20  # bytes of a log from which on the engine may have thrown its beginning away


def replay(view: View, attempt: int) -> None:
    """Say the output of an attempt's agent; called before its task may defer again in the same try.

    A trigger's lines go to a file of its own, which Airflow 3.3.2 opens anew at each deferral of one try: what it held
    of an earlier container is gone. The last deferral's stays, so it is not said twice.
    """
    job = view.job
    if not job.here.deferrable:
        return  # the task has followed it itself
    for container in find(
        job.client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id, attempt=attempt, role="agent"
    ):
        job.say(f"What the agent of attempt {attempt} said:")
        _say(view, container, 0)


def rest(view: View, container: Found) -> None:
    """Say what a trigger has not shown of an ended agent's output: it waits for a long log only a few seconds."""
    heard = view.job.heard
    if heard is not None and heard.container == container.id:
        _say(view, container, heard.lines)


def _say(view: View, container: Found, skip: int) -> None:
    say = view.job.say
    excerpt = Excerpt(say, one_line, skip=skip)
    read(view.job.client, container.id, excerpt, Redactor(known_secrets(view, container)))
    if excerpt.size >= _ROTATED:
        say(
            f"The engine keeps the last 20 to 40 MB of a log: lines before the {excerpt.count:,} there are may be gone."
        )
    excerpt.end()
