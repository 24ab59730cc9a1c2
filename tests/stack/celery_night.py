"""Phase 5 on two Celery workers: one worker dies in wave 1, a worker with its engine in wave 2; then a second night."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass, field
from functools import partial

from phaseplan.cli.local_airflow.api import ApiError
from phaseplan.containers import engine
from phaseplan.containers.identity import engine_of
from tests.engine_events import Events
from tests.kills.diary import Diary, together
from tests.kills.place import now
from tests.stack.stack import until
from tests.stack.two_workers import WORKERS, Workers

RUN, SECOND = "manual__killed", "manual__unchanged"
RETOLD = "Until it was deferred, this try ran on"


@dataclass
class Night:
    """What happened; times are seconds."""

    seed: int
    followed: list[str] = field(default_factory=list)  # branches at work on the engine whose worker died
    lost: list[str] = field(default_factory=list)  # branches with an open attempt on the engine that died
    took: float = 0.0
    attempts: dict[str, int] = field(default_factory=dict)
    retold: int = 0  # logs in which one worker repeats another's part
    unchanged: int = -1  # containers of the night in which nothing had changed
    wrong: list[str] = field(default_factory=list)


def played(workers: Workers, seed: int) -> Night:
    """Play it in a stack that is up."""
    dice, night, begun = random.Random(f"celery {seed}"), Night(seed), time.monotonic()
    dies, goes = dice.sample(sorted(WORKERS), 2)
    diaries = {name: Diary(one.url, workers.stack.top / f"{name}.jsonl") for name, one in workers.engines.items()}
    ids = {name: engine_of(engine.connect(one.url)).id for name, one in workers.engines.items()}
    try:
        until(partial(_known, workers), 120, "phase 5 is known")
        workers.stack.api().trigger("phase_05", RUN, {})
        night.followed = _at_work(workers, dies, 1)
        time.sleep(dice.uniform(0, 3))
        workers.kill(dies)
        until(partial(_integrated, workers, 1), 600, "wave 1 is integrated by the other worker")
        workers.revive(dies)
        _at_work(workers, goes, 2)  # now: until the other takes tasks, all agents of the wave may have ended
        time.sleep(dice.uniform(0, 3))
        workers.kill(goes)
        workers.engines[goes].die()
        died = now()
        # Others may have begun there since: what was open on it is what is lost.
        said = workers.stack.inside("scheduler", "./phaseplan", "engines", "forget", "5", ids[goes])
        night.lost = re.findall(r"([\d.]+) \(attempt", said)
        workers.wait_for(dies)
        state = until(partial(_ended, workers, RUN), 900, "phase 5 is at its end")
        night.took = time.monotonic() - begun
        night.wrong += [f"the run is {state}"] if state != "success" else []
        ledger = str(workers.stack.ledger()["id"])
        lives = [*diaries[dies].lives(ledger), *diaries[goes].lives(ledger, gone=died)]
        night.wrong += together(sorted(lives, key=lambda life: life.began))
    finally:
        for diary in diaries.values():
            diary.close()
    _look(workers, night, dies)
    _unchanged(workers, night, dies)
    workers.revive(goes)  # without its engine; it serves what it has logged
    workers.wait_for(goes)
    _read_logs(workers, night)
    return night


def _look(workers: Workers, night: Night, living: str) -> None:
    """Check what the phase left: branches, attempts, engines, logs."""
    status = json.loads(workers.stack.inside("scheduler", "./phaseplan", "status", "5", "--json"))
    night.wrong += [] if status["complete"] else ["the phase is not complete"]
    night.attempts = {name: len(one["attempts"]) for name, one in status["branches"].items()}
    twice = {name for name, count in night.attempts.items() if count > 1}
    night.wrong += [f"{branch} was followed by nobody, and built again" for branch in twice - set(night.lost)]
    night.wrong += [f"left over on engine {living}: {one}" for one in workers.leftovers(living)]


def _read_logs(workers: Workers, night: Night) -> None:
    """Look whether the logs of each branch's tries hold its story, now that every worker is there to be asked."""
    branches = {task: task.split(".")[1].split("_")[0].replace("-", ".") for task in _tasks(workers)}
    patience = time.monotonic() + 120  # a worker that takes tasks again may serve its logs a little later
    for task, branch in branches.items():
        parts = (f"STARTED {branch}", f"COMPLETED {branch}")
        log = workers.log(RUN, task)
        while (lacking := [part for part in parts if part not in log]) and time.monotonic() < patience:
            time.sleep(2)
            log = workers.log(RUN, task)
        night.retold += RETOLD in log
        night.wrong += [f"{task}: its logs lack {part!r}" for part in lacking]


def _tasks(workers: Workers) -> list[str]:
    """Tasks that build a branch."""
    found = [task.task_id for task in workers.stack.api().tasks("phase_05", RUN)]
    return [name for name in found if name.startswith("wave_") and name.count("_") > 1]


def _unchanged(workers: Workers, night: Night, living: str) -> None:
    """Trigger the phase once more, with the other worker alone; count what its engine starts."""
    events = Events(workers.engines[living].url)
    try:
        workers.stack.api().trigger("phase_05", SECOND, {})
        state = until(partial(_ended, workers, SECOND), 300, "the second night is at its end")
        night.wrong += [f"the second night is {state}"] if state != "success" else []
        night.unchanged = len(events.containers("start"))
        night.wrong += (
            [f"{night.unchanged} containers in a night in which nothing had changed"] if night.unchanged else []
        )
    finally:
        events.close()


def _known(workers: Workers) -> bool:
    try:
        return bool(workers.stack.api().call("GET", "/dags/phase_05"))
    except ApiError:
        return False


def _ended(workers: Workers, run: str) -> str | None:
    try:
        state = workers.stack.api().run_state("phase_05", run)
    except ApiError:
        return None
    return state if state in ("success", "failed") else None


def _at_work(workers: Workers, name: str, wave: int) -> list[str]:
    """Wait for agents of a wave on an engine; return their branches."""
    found = partial(_of_wave, workers, name, wave)
    return list(until(found, 400, f"agents of wave {wave} on engine {name}"))


def _of_wave(workers: Workers, name: str, wave: int) -> list[str]:
    return [branch for branch in workers.agents(name) if branch.startswith(f"5.{wave}.")]


def _integrated(workers: Workers, wave: int) -> bool:
    return bool(workers.stack.ledger().get("waves", {}).get(str(wave), {}).get("state") == "integrated")
