"""What a StatsD server hears of a phase, over a real socket, from Airflow's own client."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils

from phaseplan.airflow.operators import branch_build, metrics
from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from phaseplan.attempt.job import Done, Job
from phaseplan.attempt.ready import look
from phaseplan.ledger import attempt_refs
from phaseplan.ledger.claiming import NewAttempt
from phaseplan.ledger.money.usage import Usage
from phaseplan.ledger.records import Token
from phaseplan.report.metrics import COUNTERS, GAUGES, TIMERS
from tests.git.lab import Lab, plan_of

Heard = Callable[[], dict[str, str]]
_USAGE = {"calls": 2, "models": {"m": {"input": 1000, "output": 100, "usd": 0.25}}}
_START = "airflow.phaseplan.phase_5."


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """A StatsD server; returns what it has heard, by name, as the newest value and its kind."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.settimeout(0.3)
    for key, value in {"ON": "True", "HOST": "127.0.0.1", "PORT": server.getsockname()[1]}.items():
        monkeypatch.setenv(f"AIRFLOW__METRICS__STATSD_{key}", str(value))
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)  # as a task runner does

    def read() -> dict[str, str]:
        packets: list[str] = []
        try:
            while True:
                packets += server.recv(65536).decode().splitlines()
        except TimeoutError:
            return {k.removeprefix(_START): v for k, _, v in (packet.partition(":") for packet in packets)}

    yield read
    server.close()
    monkeypatch.undo()
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)  # now of no server


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A run in which one branch has passed for money, one is out, one runs and one waits for the one that is out."""
    made = Lab(tmp_path)
    plan = plan_of({"1": [], "2": [], "3": []}, {"4": ["1"]}, attempts=1)
    token = made.open(plan)
    usage = Usage.model_validate(_USAGE)
    made.build(token, "1", {"one": "1\n"}, fields={"usage": usage, "timings": {"gates": 1.5, "agent": 60.0}})
    made.build(token, "2", {"two": "2\n"}, outcome="failed", reason="tests fail")
    begun = NewAttempt(5, plan.by_id["3"], made.main, "run-1/0", "run-1")
    attempt_refs.claim_attempt(made.repo, made.remote, begun)
    return made


def test_a_look_at_a_phase_is_heard(lab: Lab, heard: Heard) -> None:
    metrics.looked(lab.read())
    values = heard()
    assert values.keys() <= GAUGES.keys() and {v.rpartition("|")[2] for v in values.values()} == {"g"}
    counts = {name: int(v.partition("|")[0]) for name, v in values.items() if name.startswith("branches.")}
    assert {name for name, count in counts.items() if count} == {
        "branches.passed", "branches.isolated", "branches.running", "branches.waiting",
    }  # fmt: skip
    assert sum(counts.values()) == 4
    assert float(values["usage.tokens"].partition("|")[0]) == 1100
    assert float(values["usage.usd"].partition("|")[0]) == 0.25
    assert 0 <= float(values["queue_wait_seconds"].partition("|")[0]) < 60


def test_the_end_of_an_attempt_is_heard_once(lab: Lab, heard: Heard) -> None:
    metrics.ended(lab.read().verdicts["1"][-1])
    values = heard()
    assert values == {"attempts.passed": "1|c", "attempt.gates": "1500.000000|ms", "attempt.agent": "60000.000000|ms"}
    assert values.keys() <= {*TIMERS, *COUNTERS}


def test_whatever_a_task_of_a_branch_looks_at_is_heard(lab: Lab, heard: Heard) -> None:
    run = lab.read().require_open().run
    token = Token(run=run.id, epoch=run.epoch, base=run.base, plan=run.plan)
    unused: Any = None
    job = Job(5, "1", token, "run-1/0", lab.remote, lab.repo, unused, unused, print, unused, looked=metrics.looked)
    look(job)
    assert heard()["branches.running"] == "1|g"


@pytest.mark.parametrize(("reused", "count"), [(False, "1|c"), (True, None)])
def test_the_task_of_a_branch_tells_of_an_attempt_that_it_made(
    lab: Lab, heard: Heard, monkeypatch: pytest.MonkeyPatch, reused: bool, count: str | None
) -> None:
    @contextmanager
    def job_of(*_: object) -> Iterator[Job]:
        yield Job(5, "1", unused, "run-1/0", lab.remote, lab.repo, unused, unused, print, unused)

    unused: Any = None
    verdict = lab.read().verdicts["1"][-1]
    monkeypatch.setattr(branch_build, "job_of", job_of)
    monkeypatch.setattr(branch_build, "step", lambda job: Done(verdict, reused=reused))
    task = BranchBuildOperator(task_id="one", phase=5, branch="1", image="x")
    assert task.execute({})["attempt"] == 1
    assert heard().get("attempts.passed") == count


def test_nothing_is_computed_where_airflow_sends_none(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def computed(snapshot: object) -> dict[str, float]:
        raise AssertionError("computed for nobody")

    monkeypatch.setattr("phaseplan.report.metrics.gauges", computed)
    metrics.looked(lab.read())


def test_a_client_that_fails_fails_no_task(
    lab: Lab, heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gauge(name: str, value: float) -> None:
        raise OSError("no route")

    monkeypatch.setattr(stats, "gauge", gauge)
    metrics.looked(lab.read())
    assert "Metrics could not be sent: OSError" in caplog.text
