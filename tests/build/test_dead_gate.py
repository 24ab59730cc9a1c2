"""A worker that died between making a gate container and starting it holds nobody up."""

from __future__ import annotations

import pytest

from phaseplan.attempt.gate_containers import bench
from phaseplan.attempt.harvest import harvest
from phaseplan.attempt.ready import look
from phaseplan.attempt.sweep import sweep
from phaseplan.containers import engine
from phaseplan.containers.log_following import follow
from tests.build.conftest import Stage
from tests.build.test_step import begin, end

pytestmark = pytest.mark.docker


def test_a_gate_that_was_never_started_is_made_anew(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    with stage.job("run-1/3") as job:
        view = look(job)
        (agent,) = stage.containers()
        raw = harvest(view, 1, agent).raw
        spec = bench(view, 1).gating(job.repo, raw, view.plan.gates.commands)._spec(1, "")
        dead = engine.create(stage.client, spec)
    assert end(stage).verdict.outcome == "passed"
    assert dead not in {container.id for container in stage.containers()}
    assert stage.containers() == []


def test_the_checkout_of_a_worker_that_died_is_swept(stage: Stage) -> None:
    begin(stage)
    with stage.job("run-1/3") as job:
        view = look(job)
        gating = bench(view, 1).gating(job.repo, view.run.base, ("true",))
        engine.remove(stage.client, gating._begin(1, ""))
        wanted = {"label": f"phaseplan.ledger={view.ledger.id}"}
        assert len(stage.client.api.images(filters=wanted)) == 1
        sweep(job, lambda branch: branch == "7.1.2")
        assert len(stage.client.api.images(filters=wanted)) == 1, "another branch's"
        sweep(job)
        assert stage.client.api.images(filters=wanted) == []
