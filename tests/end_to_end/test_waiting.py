"""Phases wait for phases in one Airflow whose scheduler and triggerer are killed meanwhile; a failure is told on."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from phaseplan.cli.local_airflow.api import Api, ApiError
from tests.database import rows, seconds
from tests.end_to_end.world import airflow_up, ended, insist
from tests.kills.parts import strike
from tests.kills.place import Run, bare

T = TypeVar("T")

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(600)]

A, B, C = 1, 2, 3  # C needs A and B, B needs A
RED, LOST, BEHIND = 4, 5, 6  # RED fails; LOST needs it, BEHIND needs LOST
NEEDS: dict[int, list[int]] = {A: [], B: [A], C: [A, B], RED: [], LOST: [RED], BEHIND: [LOST]}
WAKES, WOKEN = 7, 8  # of the day after, when DAGs have schedules: the second starts by itself
#: A works until B and C have been seen waiting and what they wait in has been killed.
AGENT = 'test "${PHASEPLAN_BRANCH%%.*}" = 4 && exit 1; test "${PHASEPLAN_BRANCH%%.*}" = 1 && sleep 20; '
AGENT += 'mkdir -p "work/$PHASEPLAN_BRANCH"; ls work > "work/$PHASEPLAN_BRANCH/seen.txt"'


@dataclass(frozen=True)
class Story:
    """What the run left."""

    run: Run
    code: int
    waiting: set[str]  # DAGs whose sensors were deferred when the parts were killed

    def log(self, phase: int, task: str) -> str:
        """What a task has said, with its triggers."""
        folder = self.run.home / "logs" / f"dag_id=phase_{phase:02d}"
        files = sorted(folder.glob(f"run_id=*/task_id={task}/attempt=*.log*"))
        return "\n".join(file.read_text(errors="replace") for file in files)

    def instances(self, task: str) -> list[tuple[str, str, float]]:
        """DAG, state and end (seconds since 1970) of a task in every phase."""
        found = rows(
            self.run.home, "select dag_id, state, end_date from task_instance where task_id = :task", task=task
        )
        return [(dag, state, seconds(end)) for dag, state, end in found]


def plan(folder: Path, phase: int) -> Path:
    """One wave; its base is what the phase depends on."""
    branches = [
        {
            "id": f"{phase}.1.{n}",
            "branch": f"feature/p{phase}w1-b{n}",
            "title": f"Part {n}",
            "owns": [f"work/{phase}.1.{n}/"],
        }
        for n in ((1, 2) if phase == WAKES else (1,))
    ]
    data = {
        "phase": phase,
        "title": f"Phase {phase}",
        "depends_on": NEEDS.get(phase, [phase - 1][: phase - WAKES]),
        "attempts": 1,
        "agent": "worker",
    }
    file = folder / f"phase-{phase}.yaml"
    file.write_text(json.dumps({**data, "waves": [{"wave": 1, "branches": branches}]}))
    return file


@dataclass(frozen=True)
class Woken:
    """What Airflow said of a phase that starts by itself, after a part of the other and after all of it."""

    before: list[dict[str, Any]]  # runs
    events: list[list[dict[str, Any]]]  # of the first phase's asset: after the part, after all
    run: dict[str, Any]
    state: str


@pytest.fixture(scope="session")
def woken(story: Story) -> Iterator[Woken]:
    """`up` on the same home: one branch of a phase is built, then all of them."""
    run = story.run
    for phase in (WAKES, WOKEN):
        plan(run.home / "plans", phase)
    with airflow_up(
        run.home, run.place / "agents.yaml", run.state, AIRFLOW__PHASEPLAN__REPOSITORY=str(run.target.path)
    ) as api:
        until(lambda: api.call("PATCH", f"/dags/phase_{WOKEN:02d}", {"is_paused": False}), 60)
        api.trigger(f"phase_{WAKES:02d}", "part", {"branches": ["7.1.1"]})
        assert ended(api, WAKES, "part", 120) == "success"
        first, before = events(api), runs(api)
        api.trigger(f"phase_{WAKES:02d}", "whole", {})
        assert ended(api, WAKES, "whole", 120) == "success"
        second = events(api)
        made = until(lambda: runs(api)[0], 60)
        yield Woken(before, [first, second], made, ended(api, WOKEN, made["dag_run_id"], 120))
    run.clear([WAKES, WOKEN])


def events(api: Api) -> list[dict[str, Any]]:
    return list(insist(lambda: api.call("GET", "/assets/events", source_dag_id=f"phase_{WAKES:02d}"))["asset_events"])


def runs(api: Api) -> list[dict[str, Any]]:
    return list(insist(lambda: api.call("GET", f"/dags/phase_{WOKEN:02d}/dagRuns"))["dag_runs"])


def until(ask: Callable[[], T], seconds: float) -> T:
    """Ask until there is an answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (ApiError, IndexError):
            assert time.monotonic() < deadline
            time.sleep(0.5)


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """All six phases in one run."""
    place = tmp_path_factory.mktemp("waiting")
    target = bare(place / "target.git")
    target.watch()
    run = Run(place, target, place / "state", "unix:///var/run/docker.sock")
    profile = {"image": "debian:bookworm-slim", "command": ["sh", "-c", AGENT], "cpus": 0.5, "timeout": "5m"}
    (place / "agents.yaml").write_text(json.dumps({"worker": profile}))
    run.start([plan(place, phase) for phase in NEEDS], place / "agents.yaml")
    waiting = deferred(run, {(B, A), (C, A), (C, B)})
    for part in ("scheduler", "triggerer"):
        strike(run, A, part, random.Random(1))
    code = run.wait(400)
    print(run.output)
    yield Story(run, code, waiting)
    run.clear(NEEDS)


def deferred(run: Run, wanted: set[tuple[int, int]]) -> set[str]:
    """Wait until these sensors are deferred (a phase, what it waits for); nothing tells, so the database is asked."""
    names = {(f"phase_{phase:02d}", f"await_phase_{needed:02d}") for phase, needed in wanted}
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and run.process.poll() is None:
        time.sleep(0.5)
        if names <= set(rows(run.home, "select dag_id, task_id from task_instance where state = 'deferred'")):
            return {dag for dag, _ in names}
    raise AssertionError(f"{names} were not all waiting:\n{run.output[-3000:]}")


def test_what_can_be_complete_is(story: Story) -> None:
    for phase in (A, B, C):
        assert story.run.status(phase)["complete"] is True, story.run.output[-4000:]


def test_parts_were_killed_while_two_phases_waited(story: Story) -> None:
    assert story.waiting == {"phase_02", "phase_03"}
    for part in ("scheduler", "triggerer"):
        assert f"Airflow's {part} had died (exit -9) and was started again" in story.run.output


def test_no_phase_opened_before_those_it_needs_were_complete(story: Story) -> None:
    ledgers: dict[int, str] = {}
    opened = []
    for move in story.run.target.moves():
        parts = move.ref.split("/")  # refs/phaseplan/phase-1/ledger
        if parts[1] == "phaseplan" and parts[3] == "ledger":
            phase = int(parts[2].removeprefix("phase-"))
            if phase not in ledgers:
                opened.append(phase)
                for needed in NEEDS[phase]:
                    ledger = story.run.target.ledger(needed, ledgers[needed])
                    assert ledger is not None and ledger["run"]["complete"] is True
            ledgers[phase] = move.new
    assert [phase for phase in opened if phase in (A, B, C)] == [A, B, C]
    assert {LOST, BEHIND}.isdisjoint(opened)


def test_a_phase_builds_on_what_the_one_before_integrated(story: Story) -> None:
    ledger = {phase: story.run.target.ledger(phase) or {} for phase in (A, B, C)}
    assert ledger[B]["run"]["base"] == ledger[A]["integration"]
    assert ledger[C]["run"]["base"] == ledger[B]["integration"]  # which has A's in it
    seen = story.run.target.git("show", "integration/phase-3:work/3.1.1/seen.txt").split()
    assert seen == ["1.1.1", "2.1.1", "3.1.1"]


def test_the_log_of_who_waits_says_for_what_and_since_when(story: Story) -> None:
    text = story.log(B, "await_phase_01")
    assert "Waiting for phase 1: run run-" in text and "0 of 1 branches are integrated" in text
    assert "Phase 1 is complete since" in text


@pytest.mark.parametrize(("phase", "needed"), [(LOST, RED), (BEHIND, LOST)])
def test_a_failure_ends_those_who_wait_at_once_and_says_what_to_do(story: Story, phase: int, needed: int) -> None:
    text = story.log(phase, f"await_phase_{needed:02d}")
    for words in ("Phase 4 has failed: run run-", "4.1.1 Part 1: isolated", "Clear wave_1.4-1-1_b1", "Clear this task"):
        assert words in text, text[-3000:]
    ((_, state, end),) = [i for i in story.instances(f"await_phase_{needed:02d}") if i[0] == f"phase_{phase:02d}"]
    red = story.run.target.ledger(RED)
    assert state == "failed" and red is not None
    assert end - datetime.fromisoformat(red["run"]["closed"]).timestamp() < 40


def test_the_run_says_whose_fault_it_was(story: Story) -> None:
    assert story.code == 1  # a branch said no; the system did not fail
    assert "await_phase_04: Phase 4 has failed" in story.run.output


def test_a_green_run_of_some_branches_wakes_nobody(woken: Woken) -> None:
    assert woken.events[0] == [] and woken.before == []


def test_a_complete_phase_wakes_the_one_behind_it(story: Story, woken: Woken) -> None:
    ((event,), ledger) = woken.events[1], story.run.target.ledger(WAKES)
    assert (event["name"], event["uri"]) == ("phase_07_complete", "phaseplan://phase_07/complete")
    assert ledger is not None and event["extra"] == {"phase": 7, "run": "whole", "integration": ledger["integration"]}
    assert (woken.run["run_type"], woken.run["logical_date"]) == ("asset_triggered", None)
    assert woken.state == "success"
    after = story.run.target.ledger(WOKEN)
    assert after is not None and after["run"]["complete"] is True and after["run"]["base"] == ledger["integration"]
