"""Ask Airflow for what every operator needs: the run's token and the claim of this task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from airflow.sdk.exceptions import AirflowSkipException

from phaseplan.airflow.operators import metrics
from phaseplan.airflow.operators.engines import fleet
from phaseplan.airflow.operators.secrets import completed, secrets, shared_key, way_out
from phaseplan.attempt.job import Job
from phaseplan.config.recent import within
from phaseplan.config.settings import repository_for, settings
from phaseplan.containers.engine import connect
from phaseplan.ledger.records import Token
from phaseplan.plan import names
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

#: Seconds for which settings are read once: beginning asks for them six times. They are of the environment, and of a
#: file that a process reads once anyway.
_AGE = 10.0


def pulled_token(context: Any) -> Token | None:
    """Return the token that this run's `open_phase` handed out; None if it gave none."""
    value = context["ti"].xcom_pull(task_ids=names.OPEN)
    return Token.model_validate(value) if value else None


def token(context: Any) -> Token:
    """Return the token, or skip the task: without it a task touches nothing."""
    found = pulled_token(context)
    if found is None:
        raise AirflowSkipException(f"{names.OPEN} of this run handed out no token, so there is nothing to do here.")
    return found


def claim(context: Any) -> str:
    """Return the claim, whose holder may follow or harvest a container: constant over retries, new after a Clear."""
    return f"{context['dag_run'].run_id}/{context['ti'].max_tries}"


class PhaseTask(Protocol):
    """Name what a start of a task needs to know of its operator."""

    phase: int
    repository: str | None

    @property
    def log(self) -> Any:
        """Return Airflow's logger of the task."""


@contextmanager
def job_of(context: Any, task: PhaseTask, branch: str) -> Iterator[Job]:
    """Make the job of a branch's task that a context belongs to, with a private repository."""
    own = token(context)  # first: without it not even the repository is asked
    with within(_AGE), repository(task.repository) as (remote, repo):
        job = made_job(context, task, branch, own, remote, repo)
        yield replace(job, cleared=context["ti"].max_tries > getattr(task, "retries", 0))


def made_job(context: Any, task: PhaseTask, branch: str, own: Token, remote: Remote, repo: GitRepo) -> Job:
    """Make a job on a repository that is open already."""
    client = connect(settings().docker_url)
    return Job(
        phase=task.phase,
        branch_id=branch,
        token=own,
        claim=claim(context),
        remote=remote,
        repo=repo,
        client=client,
        here=settings(),
        looked=metrics.looked,
        say=partial(task.log.info, "%s"),
        secrets=secrets,
        completed=completed,
        way_out=way_out,
        shared_key=shared_key,
        fleet=fleet(client),
    )


@contextmanager
def repository(plan_repository: str | None) -> Iterator[tuple[Remote, GitRepo]]:
    """Open the target repository and a private one to work in."""
    remote = target(plan_repository)
    with remote.private(state=settings().state) as repo:
        yield remote, repo


def target(plan_repository: str | None) -> Remote:
    """Return the target repository, not looked at yet."""
    return Remote(repository_for(plan_repository))
