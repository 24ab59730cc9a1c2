"""A worker that died between making a gate container and starting it holds nobody up."""

from __future__ import annotations

import pytest

from include.phaseplan.runtime import engine
from include.phaseplan.runtime.build.ready import look
from include.phaseplan.runtime.build.workbench import bench
from include.phaseplan.runtime.follow import follow
from include.phaseplan.runtime.gates.commands import GateStopped
from tests.build.conftest import Stage
from tests.build.test_step import begin, end

pytestmark = pytest.mark.docker


def test_a_gate_that_was_never_started_is_made_anew(stage: Stage) -> None:
    running = begin(stage)
    follow(stage.client, running.container, lambda _: None)
    with stage.job("run-1/3") as job:
        view = look(job)
        dead = engine.create(stage.client, bench(view, 1)._spec(view.plan.gates.commands, "phaseplan-mark"))
    with pytest.raises(GateStopped, match="was never started"):
        end(stage)
    assert dead not in {container.id for container in stage.containers()}
    assert end(stage).verdict.outcome == "passed"
    assert stage.containers() == []
