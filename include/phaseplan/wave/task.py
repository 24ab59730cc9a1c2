"""Integrate a wave with real containers: clean up after dead tasks, then merge and gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from docker import DockerClient

from phaseplan.attempt.job import Job
from phaseplan.attempt.sweep import sweep
from phaseplan.config.settings import Settings
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.containers.labels import Labels
from phaseplan.gates.commands import ContainerBench
from phaseplan.gates.profile import gate_profile
from phaseplan.ledger import status_log as statuslog
from phaseplan.ledger.run import check_token
from phaseplan.ledger.write import Snapshot, read
from phaseplan.wave.integrate import Integrated, WaveRed, integrate


@dataclass(frozen=True)
class WaveTask:
    """Start one wave's `integrate` once.

    :param job: where and for whom; its branch and claim are not looked at.
    """

    job: Job
    wave: int

    def integrate(self) -> Integrated:
        """Merge, gate and publish the wave.

        :raises WaveRed: nothing can be published and no branch is known to be at fault.
        :raises Stale: another run holds the ledger.
        """
        job = self.job
        snapshot = read(job.repo, job.remote, job.phase)
        waves = check_token(snapshot, job.token).plan.wave_of

        def ended(branch: str) -> bool:
            return branch == self._name or waves.get(branch, self.wave + 1) <= self.wave

        # All tasks of this wave and earlier ones have ended, so nobody follows their containers.
        snapshot = sweep(job, ended, snapshot=snapshot)
        try:
            done = integrate(
                job.remote,
                job.repo,
                job.token,
                self.wave,
                wave_bench(snapshot, job.client, job.here, self._name, job.say, job.way_out),
                phase=job.phase,
                gate_runs=job.here.gate_runs,
                snapshot=snapshot,
            )
        except WaveRed as red:
            self._tell(red.status_lines, red.blockers)
            raise
        self._tell(done.status_lines, done.blockers)
        return replace(done, plan=snapshot.require_open().plan)

    @property
    def _name(self) -> str:
        """Return the label that the wave's own containers carry in the branch's place."""
        return f"wave-{self.wave}"

    def _tell(self, lines: tuple[str, ...], blockers: tuple[str, ...]) -> None:
        for line in (*lines, *blockers):
            self.job.say(line)
        statuslog.mirror(self.job.here.state, self.job.phase, lines, blockers)


def wave_bench(
    snapshot: Snapshot,
    client: DockerClient,
    settings: Settings,
    name: str,
    say: Callable[[str], None],
    way_out: Callable[[], WayOut] = WayOut,
) -> ContainerBench:
    """Return gate containers for merged commits, by the plan's gate profile.

    :param name: labels them in the branch's place.
    :param way_out: how a gateway of theirs reaches the outside.
    """
    opened = snapshot.require_open()
    pinned, run = opened.pinned, opened.run
    profile = pinned.plan.gates.profile or run.agent or pinned.plan.agent or next(iter(pinned.profiles))
    return ContainerBench(
        client,
        profile=gate_profile(pinned.plan, pinned.profiles[profile]),
        labels=Labels(opened.ledger.id, snapshot.phase, name, run.epoch, run.id, "gate"),
        collector=settings.collector_image,
        timeout=pinned.plan.gates.timeout,
        sink=lambda line: say(line or ""),
        state=settings.state,
        gateway=settings.gateway_image,
        way_out=way_out,
    )
