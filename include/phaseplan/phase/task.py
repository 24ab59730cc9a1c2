"""Open a phase with real containers, and renew what earlier runs integrated."""

from __future__ import annotations

from phaseplan.attempt.job import Job
from phaseplan.attempt.sweep import sweep
from phaseplan.ledger import status_log as statuslog
from phaseplan.ledger.write import Snapshot
from phaseplan.phase.renew import Renewal
from phaseplan.wave.task import wave_bench

NAME = "opening"  # what the gate containers carry in the branch's place


def renew(job: Job, snapshot: Snapshot) -> None:
    """Decide about every integrated branch, and carry it out.

    :param job: where and for whom; its branch and claim are not looked at.
    :param snapshot: the phase as it was read just now.
    :raises NightRed: the run cannot begin.
    """
    snapshot = sweep(job, lambda branch: branch == NAME, snapshot=snapshot)  # of a start that died
    renewal = Renewal(
        remote=job.remote,
        repo=job.repo,
        token=job.token,
        phase=job.phase,
        bench=wave_bench(snapshot, job.client, job.here, NAME, job.say, job.way_out),
        images=job.image,
        gate_runs=job.here.gate_runs,
        say=job.say,
    )
    statuslog.mirror(job.here.state, job.phase, renewal.run(snapshot))
