"""Bring an agent's work back out of its volume (docs/design/container.md).

A collector container of our own image reads the volume; the worker sees nothing but one pack, which git
checks object by object. What goes wrong with the content is a finding, what goes wrong with the engine is
Infrastructure. The volume is kept whenever something of it did not come back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import docker

from phaseplan.containers import engine
from phaseplan.containers.copy_out import Trip, collect_once
from phaseplan.containers.labels import Labels
from phaseplan.containers.secret_scan import leaks
from phaseplan.errors import Infrastructure
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.commit_paths import shown
from phaseplan.repository.repo import GitRepo


@dataclass(frozen=True)
class Collected:
    """The result of collecting one agent's work. Remove its container with `keep_volume=bool(kept_volume)`."""

    raw: str | None  # the commit, in the private repository and nowhere else yet; the base where nothing changed
    findings: tuple[Finding, ...] = ()
    kept_volume: str | None = None  # holds work that did not come back whole, or must not be pushed
    withheld: bool = False  # raw holds secret values: it must not leave this machine
    beside: str | None = None  # a commit of what raw does not show: other branches, stashes, ignored files it owns
    left: tuple[str, ...] = ()  # descriptions of such work that is only in the volume
    gone: tuple[str, ...] = ()  # descriptions of such work that is lost


def collect(
    client: docker.DockerClient,
    *,
    image: str,
    container_id: str,
    profile: AgentProfile,
    labels: Labels,
    repo: GitRepo,
    base: str,
    secret_values: Sequence[str] = (),
    owned: Sequence[str] = (),
) -> Collected:
    """Fetch what an ended agent left into `repo`. Doing it again gives the same commit.

    :param image: the collector's image.
    :param container_id: the agent's container, ended.
    :param base: the commit the agent was given; `repo` holds it.
    :param owned: patterns of the branch's own paths: what is ignored there is not lost.
    """
    volume = engine.volume_of(client, container_id)
    if volume is None:
        raise Infrastructure(f"container {container_id[:12]} has no workspace volume: was it made by another version?")
    trip = Trip(client, image, volume, profile, labels.playing("collector"), repo, base, tuple(owned), container_id)
    with tempfile.TemporaryDirectory(prefix="collect-", dir=repo.path) as folder:
        collected = _bring(trip, Path(folder))
    return _judge(collected, repo, base, secret_values, volume)


def _bring(trip: Trip, folder: Path) -> Collected:
    """Collect the agent's commits; if its repository cannot be read, collect its files as one commit."""
    first = collect_once(trip, "commits", folder)
    if first.outside and not first.damage:
        first = collect_once(replace(trip, outside=first.outside), "commits", folder)
    if not first.damage:
        is_refused = first.head is None or any(f.gate in {"size", "hostile"} for f in first.findings)
        kept_volume = trip.volume if is_refused or first.left else None
        return Collected(first.head, first.findings, kept_volume, beside=first.beside, left=first.left, gone=first.gone)
    second = collect_once(trip, "files", folder)
    if first.crashed and second.crashed:
        raise Infrastructure(f"the collector image {trip.image} does not work, build it again: {second.damage}")
    gate = "hostile" if first.refused else "agent"
    message = f"the agent's repository could not be read, its files were taken as one commit instead: {first.damage}"
    findings = (Finding(gate=gate, message=message), *second.findings)
    if second.damage:
        findings += (Finding(gate=gate, message=f"its files could not be taken either: {second.damage}"),)
    return Collected(None if second.damage else second.head, findings, trip.volume)


def _judge(collected: Collected, repo: GitRepo, base: str, secret_values: Sequence[str], volume: str) -> Collected:
    """Add findings for rewritten history and secret values, and withhold work that holds a secret."""
    if collected.raw is None:
        return collected
    if not repo.is_ancestor(base, collected.raw):
        commits = f"{collected.raw[:12]} does not descend from its base {base[:12]}"
        message = f"rewrote history: {commits}: commit on top of the base"
        collected = replace(collected, findings=(*collected.findings, Finding(gate="hostile", message=message)))
    secret_findings = leaks(repo, base, str(collected.raw), secret_values)
    if secret_findings:
        collected = replace(
            collected, findings=(*collected.findings, *secret_findings), kept_volume=volume, withheld=True
        )
    if collected.beside and (secret_findings or leaks(repo, str(collected.raw), collected.beside, secret_values)):
        message = f"{beside_words(repo, collected.beside)} (a secret's value is in it, or in the work)"
        collected = replace(collected, beside=None, left=(*collected.left, message), kept_volume=volume)
    return collected


def beside_words(repo: GitRepo, beside: str) -> str:
    """Return the collector's description of a commit that was kept beside the work."""
    return shown(repo.line("show", "-s", "--format=%s", beside).removeprefix("Kept beside the work: "))
