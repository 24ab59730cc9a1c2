"""Stop the container of a task that a user stopped, keep its work, and log it."""

from __future__ import annotations

import logging

from docker import DockerClient

from phaseplan.attempt.harvest import put_away
from phaseplan.attempt.job import Job
from phaseplan.attempt.ready import look
from phaseplan.config.settings import repository_for, settings
from phaseplan.containers import engine
from phaseplan.errors import PhaseplanError
from phaseplan.ledger.opened import Unopened
from phaseplan.ledger.records import Token
from phaseplan.ledger.write import read
from phaseplan.repository.remote import Remote

log = logging.getLogger(__name__)
_GRACE = 2  # seconds that an agent has to end by itself, where this process has few left


def cancel(
    client: DockerClient, phase: int, branch_id: str, container_id: str, repository: str | None, key: str = ""
) -> None:
    """Stop exactly this container; then collect it as `cancelled` and remove it.

    :param client: of the engine that it is on.
    :param key: see `Job.shared_key`.

    What is not done after the stop is left to the wave's `integrate` or the next start of the branch.
    """
    here = settings()
    engine.cancel(client, container_id)
    try:
        remote = Remote(repository_for(repository))
        with remote.private(state=here.state) as repo:
            snapshot = read(repo, remote, phase)
            if isinstance(snapshot.opened, Unopened):
                return
            run, ledger = snapshot.opened.run, snapshot.opened.ledger.id
            token = Token(run=run.id, epoch=run.epoch, base=run.base, plan=run.plan)
            found = [
                c
                for c in engine.find(client, ledger=ledger, phase=phase, branch=branch_id, role="agent")
                if c.id == container_id
            ]
            for container in found:
                job = Job(
                    phase,
                    branch_id,
                    token,
                    container.labels.claim,
                    remote,
                    repo,
                    client,
                    here,
                    log.info,
                    lambda _: {},
                    shared_key=lambda: key,
                )
                put_away(look(job), container)  # the secret values it was given are read from the container itself
    except PhaseplanError as error:
        log.warning("Container %s is stopped; its work is collected later: %s", container_id[:12], error)


def cancel_own(job: Job) -> None:
    """Stop the agent that this claim has at work, wherever it is; then collect it as `cancelled` and remove it.

    What is not done before this process is killed is left to the wave's `integrate` or the next start of the branch.
    """
    try:
        view = look(job)
        for place in job.everywhere():
            found = engine.find(
                place.client, ledger=view.ledger.id, phase=job.phase, branch=job.branch_id, role="agent"
            )
            for container in found:
                if container.labels.claim == job.claim:
                    engine.cancel(place.client, container.id, _GRACE)
                    put_away(look(place), engine.look(place.client, container.id))
    except PhaseplanError as error:
        log.warning("The work of %s is collected later: %s", job.branch_id, error)
