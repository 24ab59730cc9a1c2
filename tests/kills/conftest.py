"""One Airflow in which every phase loses a part, and one run on an engine that is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.kills import calls
from tests.kills.diary import Diary
from tests.kills.engine import PrivateEngine
from tests.kills.night import Killer
from tests.kills.parts import COMPONENTS, TASKS
from tests.kills.place import HERE, Run, bare, plan

SEED = int(os.environ.get("PHASEPLAN_KILL_SEED", "1"))
SOCKET = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
LIMIT = 800.0  # seconds for the whole run; it takes about a quarter of that where nobody else works
#: Three phases at a time: what dies in one is missed by the others as well.
CHAINS = (("supervisor", "agent"), ("scheduler", "task", "dag-processor"), ("triggerer", "api-server"))
PHASES = {part: number for number, part in enumerate((part for parts in CHAINS for part in parts), 1)}
ENGINE = len(PHASES) + 1  # phase of the run whose engine is killed
CALLS = ENGINE + 1  # phase of agents behind gateways, of both runs
IN_CALLS = ("gateway", "supervisor", "triggerer")  # what is killed in the middle of a call while the night goes on
assert set(PHASES) == {*TASKS, *COMPONENTS, "agent"}
IMAGES = ("debian:bookworm-slim", "phaseplan/collector:2", calls.IMAGE)


@dataclass(frozen=True)
class Killed:
    """A run that is over, and what was killed in it."""

    run: Run
    code: int
    diary: Diary
    killers: dict[str, Killer]
    striker: calls.Striker


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """All parts but the engine, each killed in a phase of its own of one run."""
    plans = {PHASES[part]: PHASES[parts[n - 1]] if n else None for parts in CHAINS for n, part in enumerate(parts)}
    yield from _play(tmp_path_factory.mktemp("night"), SOCKET, plans, PHASES, IN_CALLS, None)


@pytest.fixture(scope="session")
def dark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """One phase on an engine of its own, which is killed, and after it one in whose only call it is killed again."""
    place = tmp_path_factory.mktemp("dark")
    engine = PrivateEngine(place / "engine")
    try:
        engine.start()
        engine.load(IMAGES)
        yield from _play(place, engine.url, {ENGINE: None}, {"engine": ENGINE}, ("engine",), engine)
    finally:
        engine.stop()


def _play(
    place: Path,
    url: str,
    plans: dict[int, int | None],
    parts: dict[str, int],
    in_calls: tuple[str, ...],
    engine: PrivateEngine | None,
) -> Iterator[Killed]:
    """One run of some phases, each of which may wait for another, and a killer for each part; and a phase of calls."""
    target = bare(place / "target.git")
    target.watch()
    diary = Diary(url, place / "events.jsonl")
    with calls.served(url, engine) as model:
        run = Run(place, target, place / "state", url, calls.connections(in_calls))
        profiles = yaml.safe_load((HERE / "agents.yaml").read_text()) | calls.profiles(model, in_calls)
        (agents := place / "agents.yaml").write_text(yaml.safe_dump(profiles))
        files = [plan(place, phase, after) for phase, after in plans.items()]
        after = ENGINE if engine else None  # or each kill of the engine would be one for both
        run.start([*files, calls.plan(place, CALLS, in_calls, after)], agents)
        killers = {part: Killer(run, phase, part, SEED, engine) for part, phase in parts.items()}
        striker = calls.Striker(run, model, CALLS, in_calls, SEED, engine)
        for thread in (*killers.values(), striker):
            thread.start()
        code = run.wait(LIMIT)
        for thread in (*killers.values(), striker):
            thread.join(90)
    print(f"seed {SEED}\n{run.output}")
    yield Killed(run, code, diary, killers, striker)
    diary.close()
    run.clear([*plans, CALLS])
