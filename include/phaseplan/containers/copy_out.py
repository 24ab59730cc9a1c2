"""Run the collector container once: from a volume to a commit in the worker's private repository."""

from __future__ import annotations

import json
import re
import secrets as random
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

import docker
import docker.errors

from phaseplan.config.limits import Limits
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import DiskFull, engine_errors
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import follow, read
from phaseplan.containers.outside import fetch
from phaseplan.containers.tarball import member, small_files
from phaseplan.errors import Infrastructure
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.pack_limits import TooMuch, Unreadable, scan
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import paths_within, take_pack
from phaseplan.text.cutting import cut

Mode = Literal["commits", "files"]
_MEMORY = 1 << 30  # bytes, at least: an agent may have had little
_PIDS = 64
_PATIENCE = 1800  # seconds
_OVERHEAD = 32 << 20  # bytes a pack may have on top of what the collector measured
_HUGE = 1 << 40  # files; a base may have as many as it likes
_REPORT = 4 << 20  # bytes
_DAMAGED, _NO_SPACE, _KILLED = 3, 4, 209
#: A collector that runs out of memory on a kernel that does not report it ends with code 137, like one that was stopped
#: from outside. This code tells the two apart.
_RUN = (
    "sh",
    "-c",
    f'python3 -m collector "$1"; code=$?; [ "$code" = 137 ] && exit {_KILLED}; exit "$code"',
    "collector",
)
_ID = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Trip:
    """Hold everything that one run of the collector needs."""

    client: docker.DockerClient
    image: str
    volume: str
    profile: AgentProfile
    labels: Labels
    repo: GitRepo
    base: str
    owned: tuple[str, ...] = ()  # patterns of the branch's own paths
    agent: str = ""  # the agent's container
    outside: tuple[str, ...] = ()  # work trees in it, outside the volume, that are to be collected as well

    @property
    def limits(self) -> Limits:
        """Return how much an agent's volume may hand back."""
        return Limits(bytes=self.profile.max_output)


@dataclass(frozen=True)
class Brought:
    """Hold the result of one run of the collector.

    :param beside: a commit of what the head does not show.
    :param left_descriptions: descriptions of such work that is only in the volume.
    :param gone_descriptions: descriptions of such work that is lost.
    :param outside: folders of work trees outside the volume, which were not read.
    :param damage: why there is no commit.
    :param refused: git on the worker did not accept the pack.
    """

    head: str | None = None
    findings: tuple[Finding, ...] = ()
    beside: str | None = None
    left: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    damage: str = ""
    refused: bool = False
    crashed: bool = False  # the collector itself failed in a way it does not know


def collect_once(trip: Trip, mode: Mode, folder: Path) -> Brought:
    """Run the collector on the volume; its container is removed, the volume stays."""
    container_id = engine.create(trip.client, _spec(trip, mode))
    try:
        cap = trip.profile.max_output + _OVERHEAD + _size(trip)
        fetched = fetch(trip.client, trip.agent, container_id, trip.outside, cap, folder)
        _give_task(trip, container_id, folder, fetched.trees)
        engine.start(trip.client, container_id)
        ended = follow(trip.client, container_id, lambda _: None, _PATIENCE)
        if ended is None:  # there is that much in the volume: to try again would take as long
            return Brought(damage=f"collecting it did not end within {_PATIENCE} s")
        if ended.stopped:
            raise Infrastructure(
                f"the collector of {trip.labels.branch} was stopped from outside (exit code {ended.code}): "
                "what the agent left is still there, and the next try collects it"
            )
        outcome = _outcome(trip, container_id, ended.code, ended.oom, folder)
        return replace(outcome, gone=(*fetched.gone, *outcome.gone))
    finally:
        engine.remove(trip.client, container_id, keep_volume=True)


def _spec(trip: Trip, mode: Mode) -> engine.Spec:
    return engine.Spec(
        image=trip.image,
        entrypoint=_RUN,
        command=(mode,),
        labels=trip.labels,
        user=trip.profile.user,
        memory=max(trip.profile.memory, _MEMORY),
        cpus=max(trip.profile.cpus, 1.0),
        pids=_PIDS,
        volume=trip.volume,
    )


def _size(trip: Trip) -> int:
    """Return the bytes of a checkout of the base if work trees are to be fetched (each holds one), else 0."""
    if not trip.outside:
        return 0
    listed = trip.repo.run("ls-tree", "-r", "--format=%(objectsize)", trip.base).out.split()
    return sum(1024 + int(size) for size in listed if size.isdigit())


def _give_task(trip: Trip, container_id: str, folder: Path, trees: Mapping[str, str]) -> None:
    """Put the task and the base's index into the collector, which trusts these and nothing of the agent's."""
    path = folder / f"index-{random.token_hex(4)}"
    trip.repo.run("read-tree", trip.base, env={"GIT_INDEX_FILE": str(path)})
    date = trip.repo.facts(trip.base).time
    task = {"base": trip.base, "date": str(date), "owned": trip.owned, "limits": trip.limits.task(), "trees": trees}
    files = {"index": path.read_bytes(), "task.json": json.dumps(task).encode()}
    with engine_errors():
        trip.client.api.put_archive(container_id, "/collector", small_files("in", files))


def _outcome(trip: Trip, container_id: str, code: int, oom: bool, folder: Path) -> Brought:
    """Read the collector's report, fetch the commit that it names, and explain a collector that failed."""
    report = _report(trip, container_id)
    if code == _NO_SPACE:
        raise DiskFull("no space left on the Docker engine's disk while collecting: free some, then Clear the task")
    if code != 0 or report is None:
        reason = "it needed more memory than the collector has" if oom else f"the collector ended with exit code {code}"
        reason = "the collector was killed, probably for want of memory" if code == _KILLED and not oom else reason
        message = _field(report or [], "error") or reason + _last_words(trip, container_id)
        return Brought(damage=message, crashed=code not in {_DAMAGED, _KILLED})
    findings = tuple(_findings(report))
    head = _field(report, "head")
    if not _ID.fullmatch(head):
        return Brought(None, findings)
    outcome = Brought(head, findings) if head == trip.base else _fetch(trip, container_id, "pack", head, folder)
    if outcome.head is None:
        return replace(outcome, findings=(*findings, *outcome.findings))
    return _with_beside(trip, container_id, replace(outcome, findings=findings), report, folder)


def _with_beside(trip: Trip, container_id: str, outcome: Brought, report: list[list[str]], folder: Path) -> Brought:
    """Add the work that the head does not show; a fault in that part does not spoil the work itself."""
    left_descriptions = [line[1] for line in report if line[0] == "left" and len(line) > 1]
    gone_descriptions = [line[1] for line in report if line[0] == "gone" and len(line) > 1]
    outside = [line[1] for line in report if line[0] == "outside" and len(line) > 1]
    outcome = replace(outcome, gone=tuple(gone_descriptions), outside=tuple(outside))
    beside = _field(report, "beside")
    if not _ID.fullmatch(beside):
        return replace(outcome, left=tuple(left_descriptions))
    second = _fetch(trip, container_id, "beside", beside, folder)
    if second.head is None:
        reason = second.damage or "; ".join(str(finding) for finding in second.findings)
        left_descriptions.append(f"{_field(report, 'told')}: {reason}")
    return replace(outcome, beside=second.head, left=tuple(left_descriptions))


def _last_words(trip: Trip, container_id: str) -> str:
    """Return the last three lines of the collector's log."""
    last_lines: list[str] = []
    read(trip.client, container_id, lambda line: last_lines.__setitem__(slice(None), [*last_lines, line][-3:]))
    return f": {' / '.join(last_lines)}" if last_lines else ""


def _report(trip: Trip, container_id: str) -> list[list[str]] | None:
    with tempfile.TemporaryFile() as file:
        if not _copy_out(trip, container_id, "/collector/out/report", file, _REPORT):
            return None
        file.seek(0)
        text = file.read().decode("utf-8", "backslashreplace")
    return [line.split("\t") for line in text.split("\n") if line]


def _field(report: Sequence[Sequence[str]], key: str) -> str:
    return next((line[1] for line in report if line[0] == key and len(line) > 1), "")


def _findings(report: Sequence[Sequence[str]]) -> Iterator[Finding]:
    for line in report:
        if line[0] == "finding" and len(line) == 6:
            _, gate, file, limit, actual, message = line
            yield Finding(gate=gate, file=file or None, limit=limit or None, actual=actual or None, message=message)


def _fetch(trip: Trip, container_id: str, name: str, head: str, folder: Path) -> Brought:
    """Take a pack into the private repository. No bundle: git 2.39 checks no objects of one it fetches."""
    cap = trip.profile.max_output + _OVERHEAD
    with tempfile.TemporaryFile(dir=folder) as file:
        if not _copy_out(trip, container_id, f"/collector/out/{name}", file, cap):
            return Brought(damage=f"what came back is missing, or larger than {cap} bytes", refused=True)
        file.seek(0)
        try:
            scan(file, trip.limits)
        except TooMuch as much:
            return Brought(findings=(_too_much(str(much), much.limit, much.actual),))
        except Unreadable as unreadable:
            return Brought(damage=f"what came back cannot be read: {unreadable}", refused=True)
        unpacked = take_pack(trip.repo, file)
    if unpacked.code != 0:
        return Brought(damage=f"git refused what came back: {cut(unpacked.err.strip(), 1000)}", refused=True)
    if trip.repo.rev(head) != head:
        return Brought(damage="the commit the collector named did not come back", refused=True)
    if paths_within(trip.repo, head, trip.limits.paths) is not None:  # as many as may be new: the base's do not matter
        return Brought(head)
    most = (paths_within(trip.repo, trip.base, _HUGE) or 0) + trip.limits.paths
    if paths_within(trip.repo, head, most) is None:
        return Brought(findings=(_too_much("it holds too many files", f"{most} files", f"more than {most}"),))
    return Brought(head)


def _too_much(message: str, limit: str, actual: str) -> Finding:
    return Finding(gate="size", message=message, limit=limit, actual=actual)


def _copy_out(trip: Trip, container_id: str, path: str, file: IO[bytes], cap: int) -> bool:
    """Copy one file out of a container, at most `cap` bytes; return False if it is missing or larger."""
    with engine_errors():
        try:
            stream, _ = trip.client.api.get_archive(container_id, path)
        except docker.errors.NotFound:
            return False
        try:
            return member(stream, file, cap)
        except tarfile.TarError as error:
            raise Infrastructure(f"the Docker engine sent an unreadable archive of {path}: {error}") from error
