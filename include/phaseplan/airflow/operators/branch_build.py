"""Build one branch with one agent in one container: the operator around `attempt`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from airflow.providers.docker.operators.docker import DockerOperator
from airflow.sdk.api.client import get_hostname
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from phaseplan.airflow.operators import metrics
from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.run import job_of
from phaseplan.airflow.operators.secrets import readable
from phaseplan.airflow.operators.stopping import check_not_ended, stoppable
from phaseplan.airflow.operators.story import Segment, Story
from phaseplan.airflow.operators.telling import tell_branch, tell_budgets, tell_pause
from phaseplan.airflow.triggers.container import ELSEWHERE, ContainerTrigger
from phaseplan.airflow.triggers.room import RoomTrigger
from phaseplan.attempt.job import Again, Done, Heard, Job, ProviderAway, Running, Untouched
from phaseplan.attempt.step import step
from phaseplan.containers.disk_usage import INTERVAL, USAGE
from phaseplan.containers.engine import OVER_DISK, cancel, stop
from phaseplan.containers.engines.room import EngineFull
from phaseplan.containers.given_secrets import given
from phaseplan.containers.identity import engine_of
from phaseplan.containers.log_following import Cursor, follow
from phaseplan.containers.lost_end import settle
from phaseplan.containers.redact import Redactor
from phaseplan.errors import Infrastructure
from phaseplan.ledger.pause.pauses import Paused, stands
from phaseplan.ledger.records import PROVIDER
from phaseplan.ledger.rulings import ruling_of
from phaseplan.plan.agents import SecretSource
from phaseplan.text.excerpt import Excerpt
from phaseplan.text.shown import one_line


class BranchBuildOperator(DockerOperator):
    """Build one branch: workspace in, agent, commits out, gates, verdict, public name.

    Of DockerOperator it keeps the place in the UI (image, command) and the engine's address. The container is
    made by `runtime`, because copy-in, hardening and copy-out have no extension point there.

    :param phase: number of the phase; everything else comes from what its ledger has pinned.
    :param branch: id of the branch.
    :param repository: the plan's own repository, or None for the configured one.
    :param deferrable: wait for the container in the triggerer, not in a worker slot.
    """

    template_fields = ()  # a plan's and a profile's words are nobody's templates: `{{ x }}` is an agent's own text
    template_ext = ()
    ui_color = "#e1f5fe"

    def __init__(
        self, *, phase: int, branch: str, repository: str | None = None, deferrable: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(mount_tmp_dir=False, **kwargs)
        self.phase = phase
        self.branch = branch
        self.repository = repository
        self.deferrable = deferrable
        self._context: Any = None  # while it executes
        self._waiting_for: str | None = None
        self._heard: Heard | None = None
        self._story: Story | None = None  # of this process

    def execute(self, context: Any) -> Any:
        """Step until there is a verdict; while a container runs, defer or follow it."""
        self._context = context
        with faults(), job_of(context, self, self.branch) as job, stoppable() as jobs:
            job = replace(job, heard=self._heard, say=self._told().listen(job.say))
            jobs.append(job)
            while isinstance(outcome := self._step(job), Running | Again):
                if isinstance(outcome, Running):
                    if outcome.resumed:
                        tell_pause(context, job, outcome.resumed)
                    self._wait(job.at(outcome.engine), outcome)
                else:
                    metrics.ended(outcome.verdict)
            if isinstance(outcome, Done):
                if not outcome.reused:
                    metrics.ended(outcome.verdict)
                tell_branch(context, job.repo, job.remote, outcome.verdict)
                if outcome.event and outcome.pause:
                    tell_pause(context, job, outcome.pause)
                if outcome.shares:
                    tell_budgets(context, job)
        if isinstance(outcome, Untouched):
            self.log.info("Not among the branches this run is about; left as it is.")
            return {"branch": self.branch, "state": "untouched"}
        return _answer(outcome)

    def _step(self, job: Job) -> Running | Done | Again | Untouched:
        """Step; where no engine has room, wait for it in the triggerer, or else as for a shared budget."""
        try:
            return step(job)
        except EngineFull as full:
            if not self.deferrable:
                raise
            self._told().listen(partial(self.log.info, "%s"))(f"{full}. No attempt is consumed.")
            wait = RoomTrigger(engines=full.engines, cpus=full.need.cpus, memory=full.need.memory)
            self.defer(trigger=wait, method_name="execute_with_room", kwargs={"story": self._told().told()})

    def _told(self) -> Story:
        """Return what this process tells; made when it is asked for, for a DAG is parsed on another host."""
        self._story = self._story or Story(get_hostname())
        return self._story

    def execute_with_room(self, context: Any, event: dict[str, Any], story: Sequence[Segment] = ()) -> Any:
        """Look again after a wait for room: another task may have been quicker."""
        self._told().repeat(story, partial(self.log.info, "%s"))
        self.log.info("There may be room now: looking again.")
        return self.execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any], story: Sequence[Segment] = ()) -> Any:
        """Resume after a deferral. The event is only a hint: labels and refs say what happened."""
        self._told().repeat(story, partial(self.log.info, "%s"))
        if event["status"] == ELSEWHERE:
            self.log.info("Container %s is %s: it is followed from here.", event["container"][:12], ELSEWHERE)
            self.deferrable = False  # of this start only
            return self.execute(context)
        what = "has its provider's first answer" if event["status"] == "answered" else f"has {event['status']}"
        self.log.info("Container %s %s.", event["container"][:12], what)
        self._heard = Heard(str(event["container"]), int(event.get("lines", 0)), str(event.get("gateway", "")))
        return self.execute(context)

    def _wait(self, job: Job, running: Running) -> None:
        """Wait until the container has ended; a deferral does not return."""
        self._waiting_for = running.container
        check_not_ended(self._context)  # Airflow takes no deferral of a task that is over, and the agent would go on
        if self.deferrable:
            self.defer(
                trigger=ContainerTrigger(
                    docker_url=job.here.docker_url,
                    container_id=running.container,
                    phase=self.phase,
                    branch=self.branch,
                    repository=self.repository,
                    deadline=time.time() + running.seconds,
                    secrets=running.secrets,
                    gateway=running.gateway,
                    disk=running.disk,
                    probe=running.probe,
                    engine=engine_of(job.client).id,
                    named=job.fleet.named(job.engine),
                ),
                method_name="execute_complete",
                kwargs={"story": self._told().told()},
                timeout=timedelta(seconds=running.seconds + 600),  # the trigger's own deadline comes first
            )
        self._listen(job, running)

    def _listen(self, job: Job, running: Running) -> None:
        """Follow a container in this process, and stop it when its time is up."""
        sources = {variable: SecretSource.parse(reference) for variable, reference in running.secrets}
        values = [*readable(running.secrets).values()]
        values += given(job.client, running.container, sources, job.here.state, job.shared_key()) or ()
        excerpt = Excerpt(job.say, one_line)
        redact, cursor, until = Redactor(values), Cursor(), time.monotonic() + running.seconds
        while (left := until - time.monotonic()) > 0:
            if follow(job.client, running.container, excerpt, min(left, INTERVAL), redact=redact, cursor=cursor):
                break
            settle(job.client, running.container)
            if running.disk and USAGE.of(job.client, running.container) > running.disk:
                self.log.error("It has written more than its disk limit: stopping the container.")
                cancel(job.client, running.container, why=OVER_DISK)
        else:
            self.log.error("The time limit is up: stopping the container.")
            stop(job.client, running.container)
        excerpt.end()

    def on_kill(self) -> None:
        """Leave the container alone where a worker goes away; stop it where a person has ended the task.

        SIGTERM does not say which, and Airflow may be what is away. A person's cancel is seen here, by the trigger
        while the task is deferred, or else by the next start of this branch.
        """
        if self._context:
            check_not_ended(self._context)
        if self._waiting_for:
            self.log.warning("This process ends; container %s goes on.", self._waiting_for[:12])


def _answer(done: Done) -> dict[str, Any]:
    """Return the task's XCom, or end the task as its verdict requires if the branch did not pass."""
    verdict = done.verdict
    if verdict.outcome == "passed":
        return {
            "branch": verdict.branch,
            "state": "reused" if done.reused else "passed",
            "attempt": verdict.attempt,
            "commit": verdict.commit,
            "name": verdict.name,
            "lines": verdict.lines,
        }
    ending = ruling_of(verdict.outcome).task
    if ending == "skips":
        raise AirflowSkipException(f"{verdict.branch} is {verdict.outcome}: {verdict.reason}")
    if ending == "retries":
        words = f"{verdict.branch}, attempt {verdict.attempt}: {verdict.reason}"
        away = any(finding.gate == PROVIDER for finding in verdict.findings)
        cause: Infrastructure | None = ProviderAway(words, verdict.retry_after) if away else None
        if cause and done.pause and stands(done.pause):
            cause = Paused(done.pause, verdict.branch)
        raise AirflowException(f"{words}; its work is kept, no attempt is consumed") from cause
    findings = "\n".join(f"  {finding}" for finding in verdict.findings)
    raise AirflowFailException(  # in short lines: Airflow shows some 80 characters of each
        f"{verdict.branch} is isolated: attempt {verdict.attempt}, its last, failed; all its work is kept.\n"
        f"Findings:\n{findings}\nNext step: mend what they say, or push a fix as {verdict.branch}'s next `-vN`;\n"
        "then Clear this task with Downstream on and Only failed off,\nfor a fresh budget of attempts."
    )
