"""A run waits for an API server that starts on a busy machine, says so, and gives up on one that never answers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from phaseplan.cli.local_airflow.api import ApiError
from phaseplan.cli.running import silence
from phaseplan.cli.running.silence import Silence

NOTHING = ApiError(0, "no answer")


class Clock:
    """Seconds, as a test has them pass."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.full = False
        self.said: list[str] = []
        self.silence = Silence(self.said.append, lambda: self.full, Path("/home/logs/api-server.log"))

    def after(self, seconds: float, error: ApiError = NOTHING) -> None:
        self.now += seconds
        self.silence.bear(error)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(silence, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_a_start_of_four_minutes_is_waited_for_and_said_once(clock: Clock) -> None:
    for _ in range(24):
        clock.after(10)
    clock.silence.over()
    first, last = clock.said
    assert first.startswith("Airflow's API server has not answered for 60 s") and "/home/logs/api-server.log" in first
    assert last == "Airflow's API server answers again."


def test_a_short_one_is_not_said(clock: Clock) -> None:
    clock.after(0)
    clock.after(50)
    clock.silence.over()
    assert clock.said == []


def test_each_answer_begins_a_new_wait(clock: Clock) -> None:
    for _ in range(5):
        clock.after(0)
        clock.after(290)
        clock.silence.over()
    assert len(clock.said) == 10


def test_one_that_never_answers_is_given_up(clock: Clock) -> None:
    clock.after(0)
    with pytest.raises(ApiError):
        clock.after(301)


def test_no_is_an_answer(clock: Clock) -> None:
    with pytest.raises(ApiError):
        clock.after(0, ApiError(403, "forbidden"))


def test_a_full_disk_is_waited_for_as_long_as_it_is_full(clock: Clock) -> None:
    clock.full = True
    clock.after(0)
    clock.after(10_000)
    clock.full = False
    clock.after(200)
