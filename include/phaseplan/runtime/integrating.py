"""`integrate` with real containers: the bench a wave is regenerated and gated on."""

from __future__ import annotations

from collections.abc import Callable

from docker import DockerClient

from include.phaseplan.errors import Bug, Infrastructure
from include.phaseplan.plan.agents import AgentProfile
from include.phaseplan.runtime import statuslog
from include.phaseplan.runtime.build.harvest import settle
from include.phaseplan.runtime.build.job import Job
from include.phaseplan.runtime.build.ready import look
from include.phaseplan.runtime.engine import find
from include.phaseplan.runtime.gates.commands import ContainerBench
from include.phaseplan.runtime.git import GitRepo
from include.phaseplan.runtime.integration import Integrated, integrate
from include.phaseplan.runtime.labels import Labels
from include.phaseplan.runtime.ledger import Snapshot, read
from include.phaseplan.runtime.phase import check_token
from include.phaseplan.runtime.records import Token
from include.phaseplan.runtime.remote import Remote
from include.phaseplan.runtime.settings import Settings


def integrate_wave(
    remote: Remote,
    repo: GitRepo,
    client: DockerClient,
    here: Settings,
    token: Token,
    phase: int,
    wave: int,
    say: Callable[[str], None],
    secrets: Callable[[AgentProfile], dict[str, str]],
) -> Integrated:
    """Merge and gate one wave, telling its story to `say`.

    :raises WaveRed: the merged commit did not pass; nothing is published.
    :raises Stale: another run holds the ledger.
    """
    snapshot = read(repo, remote, phase)
    check_token(snapshot, token)
    _put_away(remote, repo, client, here, token, snapshot, wave, say, secrets)
    done = integrate(remote, repo, token, wave, _bench(client, here, snapshot, wave, say), phase=phase)
    for line in done.status_lines:
        say(line)
    statuslog.mirror(here.state, phase, done.status_lines)
    return done


def _put_away(
    remote: Remote,
    repo: GitRepo,
    client: DockerClient,
    here: Settings,
    token: Token,
    snapshot: Snapshot,
    wave: int,
    say: Callable[[str], None],
    secrets: Callable[[AgentProfile], dict[str, str]],
) -> None:
    """Stop and collect agents of this wave and earlier ones: all their tasks have ended, so nobody follows them.

    A trigger does this sooner when a user stops a task, and never when the task was stopped before the triggerer
    had begun to run it, or when a worker died on its last try.
    """
    if snapshot.pinned is None or snapshot.ledger is None:
        return
    waves = snapshot.pinned.plan.wave_of
    for container in find(client, ledger=snapshot.ledger.id, phase=snapshot.phase, role="agent"):
        branch = container.labels.branch
        if waves.get(branch, wave + 1) > wave:
            continue
        try:
            claim = container.labels.claim
            view = look(Job(snapshot.phase, branch, token, claim, remote, repo, client, here, say, secrets))
            settle(view, container)
        except Infrastructure as error:
            say(f"{branch}: container {container.id[:12]} cannot be collected now and is left as it is: {error}")


def _bench(
    client: DockerClient, here: Settings, snapshot: Snapshot, wave: int, say: Callable[[str], None]
) -> ContainerBench:
    """Gate containers of a wave: the plan's gate profile, labelled with the wave in the branch's place."""
    pinned, ledger = snapshot.pinned, snapshot.ledger
    if pinned is None or ledger is None or ledger.run is None:
        raise Bug("a checked token without a pinned plan")
    name = pinned.plan.gates.profile or ledger.run.agent or pinned.plan.agent or next(iter(pinned.profiles))
    return ContainerBench(
        client,
        profile=pinned.profiles[name],
        labels=Labels(
            ledger=ledger.id,
            phase=pinned.plan.phase,
            branch=f"wave-{wave}",
            attempt=ledger.run.epoch,
            claim=ledger.run.id,
            role="gate",
        ),
        collector=here.collector_image,
        timeout=pinned.plan.gates.timeout,
        sink=say,
    )
