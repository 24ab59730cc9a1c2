"""Isolate what a person leaves out of an approval, or of a run."""

from __future__ import annotations

from collections.abc import Sequence

from phaseplan.attempt.job import Job
from phaseplan.ledger import status_log as statuslog
from phaseplan.ledger.write import read
from phaseplan.phase.take_out import take_out
from phaseplan.phase.task import NAME
from phaseplan.wave.task import wave_bench


def isolate(job: Job, branches: Sequence[str], reason: str) -> None:
    """Take branches out of integration, each with what needs it; one that is out already stays so.

    :raises InputFault: one cannot leave, or the rest is red without it; those before it are out.
    """
    for branch in branches:
        seen = read(job.repo, job.remote, job.phase)
        # Under the name of the opening's containers: what a start that died has left is removed with those.
        bench = wave_bench(seen, job.client, job.here, NAME, job.say, job.way_out)
        done = take_out(job.remote, job.repo, bench, job.phase, branch, reason)
        for line in (*done.status_lines, *done.blockers):
            job.say(line)
        statuslog.mirror(job.here.state, job.phase, done.status_lines, done.blockers)
