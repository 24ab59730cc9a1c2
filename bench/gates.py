"""Measure a gate command, alone in a container that begins with the exact commit, against a bare container."""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from pathlib import Path

import docker

from bench.copy import repository
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.labels import Labels
from phaseplan.gates.checkout import discard
from phaseplan.gates.commands import ContainerBench
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.repo import GitRepo

_SIZES = {"22 MB": 220, "150 MB": 1500}  # files of 100 kB
_IMAGE = "debian:bookworm-slim"
_COMMANDS, _ROUNDS = 6, 3


def measure() -> dict[str, float]:
    """Measure seconds for a gating of one `true` and for each further one, and the latter over a bare container."""
    out = {}
    with tempfile.TemporaryDirectory(prefix="phaseplan-bench-") as folder:
        for size, files in _SIZES.items():
            repo = repository(Path(folder) / size.replace(" ", ""), files)
            out |= {f"{size} | {what}": value for what, value in _gating(repo).items()}
    return out


def _gating(repo: GitRepo) -> dict[str, float]:
    client, configured = engine.connect(settings().docker_url), settings()
    labels = Labels(f"bench-{secrets.token_hex(6)}", 5, "5.1.1", 1, "bench", "gate")
    bench = ContainerBench(client, AgentProfile(image=_IMAGE), labels, configured.collector_image)
    commit = str(repo.rev("main"))
    ones, manies, bares = [], [], []
    try:
        for _ in range(_ROUNDS):  # side by side, for a machine is not always as busy
            ones.append(_timed(bench, repo, commit, 1))
            manies.append(_timed(bench, repo, commit, _COMMANDS))
            bares.append(_bare(client))
    finally:
        discard(client, ledger=labels.ledger)
        client.close()
    one, bare = statistics.median(ones), statistics.median(bares)
    each = (statistics.median(manies) - one) / (_COMMANDS - 1)
    return {"first command_s": one, "each further command_s": each, "each over a bare container": each / bare}


def _bare(client: docker.DockerClient) -> float:
    """Run a container of the image alone, by the engine's own init."""
    began = time.perf_counter()
    for _ in range(_COMMANDS):
        client.containers.run(_IMAGE, ["true"], network_mode="none", init=True, remove=True)
    return (time.perf_counter() - began) / _COMMANDS


def _timed(bench: ContainerBench, repo: GitRepo, commit: str, commands: int) -> float:
    began = time.perf_counter()
    if found := bench.run(repo, commit, ["true"] * commands, title="bench"):
        raise RuntimeError(f"a gate of the benchmark is red: {found}")
    return time.perf_counter() - began
