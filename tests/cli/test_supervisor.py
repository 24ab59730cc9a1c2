"""The supervisor of Airflow's components kills nobody whom the system has given a number that was theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from phaseplan.cli.local_airflow import guard
from phaseplan.cli.local_airflow import supervisor as module
from phaseplan.cli.local_airflow.home import Home
from phaseplan.cli.local_airflow.supervisor import Supervisor

SLEEPER = ("-c", "import time; time.sleep(600)")


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """One component, which sleeps."""
    monkeypatch.setattr(module, "AIRFLOW", (sys.executable,))
    monkeypatch.setattr(module, "COMPONENTS", {"sleeper": SLEEPER})
    home = cast("Home", SimpleNamespace(environment=dict(os.environ), path=tmp_path, logs=tmp_path))
    with Supervisor(home, grace=20) as made:
        made.start()
        yield made


def test_ended_components_keep_their_numbers_until_the_guard_has_looked(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid, wait = supervisor.pids["sleeper"], supervisor._guard.wait
    has_number: list[bool] = []

    def waited() -> int:
        has_number.append(Path(f"/proc/{pid}").exists())
        return wait()

    monkeypatch.setattr(supervisor._guard, "wait", waited)
    assert supervisor.stop()
    assert has_number == [True] and not Path(f"/proc/{pid}").exists()


def test_a_stranger_with_the_number_of_a_dead_component_lives(supervisor: Supervisor) -> None:
    with subprocess.Popen([sys.executable, *SLEEPER], start_new_session=True) as stranger:
        supervisor._orphaned.add(stranger.pid)
        supervisor._register("+", stranger.pid)
        supervisor.check()
        supervisor.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_guard_whose_owner_was_killed_spares_a_stranger_with_the_number_of_a_dead_component() -> None:
    with subprocess.Popen([sys.executable, *SLEEPER], start_new_session=True) as stranger:
        guarding = subprocess.Popen([sys.executable, guard.__file__, "1"], stdin=subprocess.PIPE)
        assert guarding.stdin is not None
        guarding.stdin.write(f"+{stranger.pid} 7\n".encode())  # it began at 7, and its leader is dead
        guarding.stdin.close()
        assert guarding.wait(60) == 0
        assert stranger.poll() is None
        stranger.kill()


def test_a_guard_looks_no_more_at_a_session_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[int]] = []
    living = iter([{11: 11, 22: 22}, {22: 22}, {}])
    monkeypatch.setattr(guard, "members", lambda sessions: asked.append(set(sessions)) or next(living))
    monkeypatch.setattr(guard, "send", lambda pids, number: None)
    assert guard.end({11, 22}, 20)
    assert asked == [{11, 22}, {11, 22}, {22}]
