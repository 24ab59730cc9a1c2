"""In which order a run triggers its phases: nothing from before it may open, or end, one of them too early."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow.api import Api
from phaseplan.cli.running.drive import Drive
from phaseplan.cli.running.request import PhaseRequest
from phaseplan.errors import Infrastructure
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import Pinned, changed
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.report.status import PhaseStatus, build_status
from tests.cli.plans import ledger, plan
from tests.cli.test_patience import Alive, Server, Silent, server

__all__ = ["server"]
#: 2 and 3 need 1, 3 needs 2 as well, 4 needs 3.
PLANS = {1: plan(1), 2: plan(2, depends_on=[1]), 3: plan(3, depends_on=[1, 2]), 4: plan(4, depends_on=[3])}


def status(phase: int, run: str) -> PhaseStatus:
    book = ledger(PLANS[phase], closed=True, complete=True)
    assert book.run is not None
    return build_status(
        Snapshot(
            phase=phase,
            opened=OpenPhase(changed(book, run=changed(book.run, id=run)), Pinned(plan=PLANS[phase], profiles={})),
        ),
        PLANS[phase],
    )


def drive(server: Server, left: Mapping[int, str]) -> Drive:
    """Make a run that finds ledgers of earlier runs: run id by phase."""

    def statuses(request: PhaseRequest) -> PhaseStatus | None:
        phase = request.plan.phase
        if left.get(phase) == "unreachable":
            raise Infrastructure("no answer")
        return status(phase, left[phase]) if phase in left else None

    api = Api(f"http://127.0.0.1:{server.server_port}", "admin", "x")
    return Drive(
        Alive(),
        api,
        [PhaseRequest(p, Path(f"{n}.yaml"), "r") for n, p in PLANS.items()],
        "now",
        Silent(),
        statuses,
        lambda dag, task: "",
    )


def step(made: Drive) -> None:
    made._trigger_what_may_wait()


def open_by_now(made: Drive, phase: int) -> None:
    """Let `_read` find a ledger that the run has opened."""
    made._phases[phase - 1].status = status(phase, "now")


def names(server: Server) -> list[int]:
    return [int(dag.removeprefix("phase_")) for dag in server.started]


def test_on_a_fresh_repository_all_wait_in_airflow(server: Server) -> None:
    step(drive(server, {}))
    assert names(server) == [1, 2, 3, 4]


def test_after_an_earlier_night_each_waits_for_those_before_it_to_open(server: Server) -> None:
    made = drive(server, dict.fromkeys(PLANS, "yesterday"))
    step(made)
    step(made)
    assert names(server) == [1]
    open_by_now(made, 1)
    step(made)
    assert names(server) == [1, 2]
    open_by_now(made, 2)
    step(made)
    assert names(server) == [1, 2, 3]
    open_by_now(made, 3)
    step(made)
    assert names(server) == [1, 2, 3, 4]


def test_a_phase_that_never_ran_does_not_hide_an_old_failure_before_it(server: Server) -> None:
    made = drive(server, {1: "yesterday"})
    step(made)
    assert names(server) == [1]  # 4 needs 3, which has no ledger; but 3 would tell it that 1 has failed
    open_by_now(made, 1)
    step(made)
    assert names(server) == [1, 2, 3, 4]


def test_an_unreadable_phase_is_no_reason_to_continue(server: Server) -> None:
    left = {1: "unreachable"}
    made = drive(server, left)
    step(made)
    assert names(server) == [1]
    del left[1]
    step(made)
    assert names(server) == [1, 2, 3, 4]


@pytest.mark.parametrize("phase", [2, 3, 4])
def test_a_phase_is_not_triggered_if_its_dependency_ended_without_opening(server: Server, phase: int) -> None:
    made = drive(server, dict.fromkeys(PLANS, "yesterday"))
    step(made)
    first = made._phases[0]
    first.state, first.fresh = "failed", True
    for _ in PLANS:
        step(made)
        made._give_up_on_the_hopeless([made._view(p) for p in made._phases])
    assert names(server) == [1]
    assert made._phases[phase - 1].state == "failed"
