"""`integrate` with real containers: what nobody follows is put away, then the merge is gated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from docker import DockerClient

from include.phaseplan.errors import Bug, Infrastructure
from include.phaseplan.plan.agents import AgentProfile
from include.phaseplan.runtime import statuslog
from include.phaseplan.runtime.build.harvest import settle
from include.phaseplan.runtime.build.job import Job
from include.phaseplan.runtime.build.ready import look
from include.phaseplan.runtime.engine import Found, find, remove
from include.phaseplan.runtime.gates.commands import ContainerBench
from include.phaseplan.runtime.git import GitRepo
from include.phaseplan.runtime.integration import Integrated, WaveRed, integrate
from include.phaseplan.runtime.labels import Labels
from include.phaseplan.runtime.ledger import Snapshot, read
from include.phaseplan.runtime.phase import check_token
from include.phaseplan.runtime.records import Token
from include.phaseplan.runtime.remote import Remote
from include.phaseplan.runtime.settings import Settings


@dataclass(frozen=True)
class WaveTask:
    """One start of one wave's `integrate`."""

    phase: int
    wave: int
    token: Token
    remote: Remote
    repo: GitRepo  # private to this start
    client: DockerClient
    here: Settings
    say: Callable[[str], None]  # a line of the wave's story
    secrets: Callable[[AgentProfile], dict[str, str]]  # values by variable

    def integrate(self) -> Integrated:
        """Merge, gate and publish the wave.

        :raises WaveRed: nothing can be published and no branch is known to be at fault.
        :raises Stale: another run holds the ledger.
        """
        snapshot = read(self.repo, self.remote, self.phase)
        check_token(snapshot, self.token)
        self._put_away(snapshot)
        try:
            done = integrate(
                self.remote,
                self.repo,
                self.token,
                self.wave,
                wave_bench(snapshot, self.client, self.here, self._name, self.say),
                phase=self.phase,
                gate_runs=self.here.gate_runs,
            )
        except WaveRed as red:
            self._tell(red.status_lines, red.blockers)
            raise
        self._tell(done.status_lines, done.blockers)
        return done

    @property
    def _name(self) -> str:
        """What the wave's own containers carry in the branch's place."""
        return f"wave-{self.wave}"

    def _tell(self, lines: tuple[str, ...], blockers: tuple[str, ...]) -> None:
        for line in (*lines, *blockers):
            self.say(line)
        statuslog.mirror(self.here.state, self.phase, lines, blockers)

    def _put_away(self, snapshot: Snapshot) -> None:
        """Stop and collect agents of this wave and earlier ones, and remove gates that a dead process left.

        All their tasks have ended, so nobody follows them.

        A trigger does this sooner when a user stops a task, and never when the task was stopped before the
        triggerer had begun to run it, or when a worker died on its last try.
        """
        if snapshot.pinned is None or snapshot.ledger is None:
            return
        waves = snapshot.pinned.plan.wave_of
        for container in find(self.client, ledger=snapshot.ledger.id, phase=snapshot.phase):
            branch, agent = container.labels.branch, container.labels.role == "agent"
            if waves.get(branch, self.wave + 1) <= self.wave and agent:
                self._settle(container)
            elif branch == self._name or (branch in waves and waves[branch] <= self.wave):
                remove(self.client, container.id, keep_volume=container.labels.role == "collector")

    def _settle(self, container: Found) -> None:
        branch, claim = container.labels.branch, container.labels.claim
        job = Job(
            self.phase,
            branch,
            self.token,
            claim,
            self.remote,
            self.repo,
            self.client,
            self.here,
            self.say,
            self.secrets,
        )
        try:
            settle(look(job), container)
        except Infrastructure as error:
            self.say(f"{branch}: container {container.id[:12]} cannot be collected now and is left as it is: {error}")


def wave_bench(
    snapshot: Snapshot, client: DockerClient, here: Settings, name: str, say: Callable[[str], None]
) -> ContainerBench:
    """Gate containers for merged commits: the plan's gate profile.

    :param name: labels them in the branch's place.
    """
    pinned, ledger = snapshot.pinned, snapshot.ledger
    if pinned is None or ledger is None or ledger.run is None:
        raise Bug(f"phase {snapshot.phase} was never opened, so nothing of it is merged")
    profile = pinned.plan.gates.profile or ledger.run.agent or pinned.plan.agent or next(iter(pinned.profiles))
    return ContainerBench(
        client,
        profile=pinned.profiles[profile],
        labels=Labels(ledger.id, snapshot.phase, name, ledger.run.epoch, ledger.run.id, "gate"),
        collector=here.collector_image,
        timeout=pinned.plan.gates.timeout,
        sink=lambda line: say(line or ""),
    )
