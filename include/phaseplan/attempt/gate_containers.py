"""Give a branch's gates and generators the containers they run in."""

from __future__ import annotations

from phaseplan.attempt.job import View
from phaseplan.gates.commands import ContainerBench


def bench(view: View, attempt: int) -> ContainerBench:
    """Return a bench whose containers carry this branch's labels."""
    return ContainerBench(
        view.job.client,
        profile=view.gate_profile,
        labels=view.labels(attempt, "gate"),
        collector=view.job.here.collector_image,
        timeout=view.plan.gates.timeout,
        sink=view.job.say,
        state=view.job.here.state,
        gateway=view.job.here.gateway_image,
        way_out=view.job.way_out,
    )
