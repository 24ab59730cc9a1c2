"""The status of a phase as a function of its refs."""

from __future__ import annotations

import pytest

from include.phaseplan.plan.model import Claims
from include.phaseplan.runtime.ledger import Claim, Snapshot
from include.phaseplan.runtime.records import Finding, Pinned, State, WaveRecord, changed
from include.phaseplan.runtime.status import build_status
from tests.cli.plans import RUN, at, ledger, plan, record, verdict

PLAN = plan(claims={"reduction": "70%", "sequential": "5d-6d"})
PINNED = Pinned(plan=PLAN, profiles={})


def claim(run: str = RUN) -> Claim:
    return Claim(commit="c" * 40, base="0" * 40, claim=f"{run}.0", run=run, time=at(5))


def finished() -> Snapshot:
    a, b, c = verdict("7.a", 1, 11), verdict("7.b", 1, 21), verdict("7.c", 23, 33)
    book = ledger(
        PLAN,
        closed=True,
        complete=True,
        integration="d" * 40,
        branches={v.branch: record(State.INTEGRATED, v) for v in (a, b, c)},
        waves={
            1: WaveRecord(run=RUN, state="integrated", head="e" * 40, started=at(21), finished=at(23)),
            2: WaveRecord(run=RUN, state="integrated", head="d" * 40, started=at(33), finished=at(35)),
        },
    )
    return Snapshot(phase=7, ledger=book, pinned=PINNED, verdicts={"7.a": (a,), "7.b": (b,), "7.c": (c,)})


def test_a_phase_nobody_opened_is_pending_by_its_plan_file() -> None:
    status = build_status(Snapshot(phase=7), PLAN)
    assert {b.state for b in status.branches.values()} == {State.PENDING}
    assert (status.complete, status.run, status.timings.actual) == (False, None, 0.0)


def test_without_ledger_and_plan_there_is_nothing_to_say() -> None:
    with pytest.raises(ValueError, match="phase 7"):
        build_status(Snapshot(phase=7))


def test_a_finished_phase_is_complete_and_its_times_add_up() -> None:
    status = build_status(finished(), PLAN)
    assert status.complete
    assert status.integration == "d" * 40
    assert status.branches["7.a"].ref == "refs/heads/feature/p7-a"
    assert status.branches["7.b"].seconds == 20
    assert status.waves[1].seconds == 22  # from the first agent's start
    timings = status.timings
    assert (timings.actual, timings.sequential, timings.saved) == (34, 44, 10)
    assert timings.agent_utilisation == pytest.approx(40 / (34 * 2), abs=0.001)
    assert status.claims["reduction"] == "70%"


def test_json_keeps_the_promised_keys() -> None:
    said = build_status(finished(), PLAN).model_dump(mode="json")
    assert said["version"] == 1
    assert set(said) >= {"phase", "complete", "integration", "run", "branches", "waves", "timings", "claims"}
    assert set(said["branches"]["7.a"]) >= {
        *("state", "attempt", "ref", "head", "lines", "findings", "reason", "started", "finished", "seconds")
    }
    assert set(said["timings"]) == {"sequential", "actual", "saved", "saved_ratio", "agent_utilisation"}


def test_another_plan_or_an_open_run_is_not_complete() -> None:
    snapshot = finished()
    assert not build_status(snapshot, plan(base="other")).complete
    assert build_status(snapshot, changed(PLAN, title="New words", claims=Claims())).complete  # talk does not count
    assert snapshot.ledger is not None
    reopened = changed(snapshot.ledger, run=changed(snapshot.ledger.run, closed=None))
    assert not build_status(Snapshot(phase=7, ledger=reopened, pinned=PINNED), PLAN).complete


@pytest.mark.parametrize(
    ("run", "closed", "state"),
    [(RUN, False, State.RUNNING), (RUN, True, State.UNFINISHED), ("run-0", False, State.UNFINISHED)],
)
def test_started_without_a_result_runs_only_while_its_run_does(run: str, closed: bool, state: State) -> None:
    snapshot = Snapshot(phase=7, ledger=ledger(PLAN, closed=closed), pinned=PINNED, started={"7.a": {1: claim(run)}})
    branch = build_status(snapshot, PLAN).branches["7.a"]
    assert (branch.state, branch.attempt, branch.started) == (state, 1, at(5))
    assert branch.ref == "refs/phaseplan/phase-7/started/7.a/1"


def test_a_dependent_of_an_isolated_branch_is_blocked_by_name_and_the_others_are_not() -> None:
    finding = Finding(gate="budget", limit="10", actual="12", message="too many lines")
    failed = verdict("7.a", 1, 11, outcome="failed", findings=(finding,), name=None)
    snapshot = Snapshot(phase=7, ledger=ledger(PLAN), pinned=PINNED, verdicts={"7.a": (failed,)})
    status = build_status(snapshot, PLAN)
    isolated = status.branches["7.a"]
    assert isolated.state is State.ISOLATED
    assert isolated.ref == "refs/phaseplan/phase-7/attempts/7.a/1"
    assert isolated.findings == (finding,)
    assert status.branches["7.b"].state is State.PENDING
    assert status.branches["7.c"].state is State.BLOCKED
    assert status.branches["7.c"].reason == "needs 7.a, which is isolated"


def test_what_was_reused_took_this_run_no_time() -> None:
    old, new = verdict("7.a", 1, 50, run="run-0"), verdict("7.b", 60, 70)
    snapshot = Snapshot(phase=7, ledger=ledger(PLAN), pinned=PINNED, verdicts={"7.a": (old,), "7.b": (new,)})
    assert build_status(snapshot, PLAN).timings.actual == 10


def test_a_red_wave_says_so() -> None:
    finding = Finding(gate="commands", message="make verify: exit 1")
    wave = WaveRecord(run=RUN, state="red", started=at(21), finished=at(23), findings=(finding,))
    snapshot = Snapshot(phase=7, ledger=ledger(PLAN, waves={1: wave}), pinned=PINNED)
    status = build_status(snapshot, PLAN)
    assert (status.waves[1].state, status.waves[1].findings) == ("red", (finding,))
    assert status.waves[2].state == "pending"
