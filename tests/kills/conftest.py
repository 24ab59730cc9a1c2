"""One Airflow in which every phase loses a part, and one run on an engine that is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.kills.diary import Diary
from tests.kills.night import Killer
from tests.kills.parts import COMPONENTS, TASKS
from tests.kills.place import HERE, Run, bare, plan

SEED = int(os.environ.get("PHASEPLAN_KILL_SEED", "1"))
SOCKET = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
LIMIT = 420.0  # seconds for the whole run
#: Three phases at a time: what dies in one is missed by the others as well.
CHAINS = (("supervisor", "agent"), ("scheduler", "task", "dag-processor"), ("triggerer", "api-server"))
PHASES = {part: 10 * chain + n for chain, parts in enumerate(CHAINS, 1) for n, part in enumerate(parts)}
assert set(PHASES) == {*TASKS, *COMPONENTS, "agent"}


@dataclass(frozen=True)
class Killed:
    """A run that is over, and what was killed in it."""

    run: Run
    code: int
    diary: Diary
    killers: dict[str, Killer]


@pytest.fixture(scope="session")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """All parts but the engine, each killed in a phase of its own of one run."""
    place = tmp_path_factory.mktemp("killed")
    target = bare(place / "target.git")
    target.watch()
    plans = [
        plan(place, 10 * chain + n, 10 * chain + n - 1 if n else None)
        for chain, parts in enumerate(CHAINS, 1)
        for n in range(len(parts))
    ]
    diary = Diary(SOCKET, place / "events.jsonl")
    run = Run(place, target, place / "state", SOCKET)
    run.start(plans, HERE / "agents.yaml")
    killers = {part: Killer(run, phase, part, SEED) for part, phase in PHASES.items()}
    for killer in killers.values():
        killer.start()
    code = run.wait(LIMIT)
    for killer in killers.values():
        killer.join(30)
    print(f"seed {SEED}\n{run.output}")
    yield Killed(run, code, diary, killers)
    diary.close()
