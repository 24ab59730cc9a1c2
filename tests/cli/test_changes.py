"""A plan that changes while `up` runs: the DAG files get a new time, so that Airflow reads them at once."""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow import home as module
from phaseplan.cli.local_airflow.changes import Changes
from phaseplan.cli.local_airflow.home import prepare

OLD = 1_000_000_000.0


class Place:
    """A folder of DAG files, one of plans, an agents file, and a clock."""

    def __init__(self, top: Path) -> None:
        self.dags, self.plans, self.agents, self.now = top / "dags", top / "plans", top / "agents.yaml", 0.0
        for folder in (self.dags, self.plans):
            folder.mkdir()
        (self.dags / "phases.py").write_text("")
        self.plan = self.plans / "phase-01.yaml"
        self.plan.write_text("phase: 1")
        self.changes = Changes(self.dags, self.plans, [self.agents], lambda: self.now)

    def marked(self, after: float = 0.0) -> bool:
        """Look, some seconds later, and say whether the DAG file has another time than before."""
        self.now += after
        os.utime(self.dags / "phases.py", (OLD, OLD))
        self.changes.look()
        return (self.dags / "phases.py").stat().st_mtime != OLD


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def _longer(place: Place) -> None:
    place.plan.write_text("phase: 10")


def _as_long(place: Place) -> None:
    before = place.plan.stat()
    place.plan.write_text("phase: 2")
    os.utime(place.plan, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


CHANGES: dict[str, Callable[[Place], object]] = {
    "a plan": _longer,
    "a plan by one letter": _as_long,
    "a plan that is gone": lambda place: place.plan.unlink(),
    "a plan that is new": lambda place: (place.plans / "phase-02.yml").write_text("phase: 2"),
    "an agents file that is new": lambda place: place.agents.write_text("a: {}"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_is_read_at_once_and_again_in_case_it_was_being_read(place: Place, name: str) -> None:
    assert not place.marked()
    CHANGES[name](place)
    assert place.marked(1)
    assert [place.marked(after) for after in (1, 1, 1, 1, 6, 60)] == [False, False, True, False, True, False]


def test_a_change_while_airflow_starts_is_seen(place: Place) -> None:
    _longer(place)
    assert place.marked(20)


def test_what_is_no_plan_is_no_change(place: Place) -> None:
    for name in ("README.md", ".phase-03.yaml", "phase-03.yaml~"):
        (place.plans / name).write_text("words")
    assert not place.marked(1)


@pytest.mark.parametrize(("may", "seconds"), [(True, "60"), (False, "5")])
def test_where_dag_files_cannot_be_marked_plans_are_read_every_few_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may: bool, seconds: str
) -> None:
    monkeypatch.setattr(module, "can_be_marked", lambda dags: may)
    home = prepare(tmp_path, phaseplan={}, live=True)
    written = configparser.RawConfigParser()
    written.read(home.path / "airflow.cfg")
    assert written["dag_processor"]["min_file_process_interval"] == seconds
