"""`integrate` with real containers: the bench a wave is regenerated and gated on."""

from __future__ import annotations

from collections.abc import Callable

from docker import DockerClient

from include.phaseplan.errors import Bug
from include.phaseplan.runtime import statuslog
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
) -> Integrated:
    """Merge and gate one wave, telling its story to `say`.

    :raises WaveRed: the merged commit did not pass; nothing is published.
    :raises Stale: another run holds the ledger.
    """
    snapshot = read(repo, remote, phase)
    check_token(snapshot, token)
    done = integrate(remote, repo, token, wave, _bench(client, here, snapshot, wave, say), phase=phase)
    for line in done.status_lines:
        say(line)
    statuslog.mirror(here.state, phase, done.status_lines)
    return done


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
