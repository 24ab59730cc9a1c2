"""The status of a phase as a function of its refs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from phaseplan.cli.show import tables
from phaseplan.ledger.money.usage import ModelUsage, Usage
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import BranchRecord, Finding, Pinned, State, WaveRecord, changed
from phaseplan.ledger.write import Claim, Snapshot
from phaseplan.merging.predicted_conflicts import EarlyWarning
from phaseplan.plan.model import Claims, PhasePlan
from phaseplan.report.status import build_status
from tests.cli.plans import RUN, at, ledger, plan, record, verdict
from tests.git.lab import Lab, plan_of

PLAN = plan(attempts=1, claims={"reduction": "70%", "sequential": "5d-6d"})
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
    return Snapshot(phase=7, opened=OpenPhase(book, PINNED), verdicts={"7.a": (a,), "7.b": (b,), "7.c": (c,)})


def test_a_phase_that_was_never_opened_is_pending_by_its_plan_file() -> None:
    status = build_status(Snapshot(phase=7), PLAN)
    assert {b.state for b in status.branches.values()} == {State.PENDING}
    assert (status.complete, status.run, status.timings.actual) == (False, None, 0.0)


def test_a_phase_without_ledger_and_plan_has_no_status() -> None:
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


def test_a_branch_has_used_what_all_its_attempts_have_used() -> None:
    used = [Usage(calls=1, models={"gpt": ModelUsage(input=1000 * n, output=n, usd=0.5 * n)}) for n in (1, 2)]
    first, second = (
        changed(verdict("7.a", n, n + 5), attempt=n, claim=f"c/{n}", usage=usage) for n, usage in enumerate(used, 1)
    )
    status = build_status(replace(finished(), verdicts={"7.a": (first, second)}), PLAN)
    assert [attempt.usage for attempt in status.branches["7.a"].attempts] == used
    assert str(status.branches["7.a"].usage) == "3,000 tokens in, 3 out, $1.50"
    assert status.branches["7.b"].usage is None
    assert list(tables.used(status)) == [
        "used      3,000 tokens in, 3 out, $1.50", "          7.a: 3,000 tokens in, 3 out, $1.50"
    ]  # fmt: skip
    assert list(tables.used(build_status(finished(), PLAN))) == []


def test_json_keeps_the_promised_keys() -> None:
    data = build_status(finished(), PLAN).model_dump(mode="json")
    assert data["version"] == 1
    assert set(data) >= {"phase", "complete", "integration", "run", "branches", "waves", "timings", "claims"}
    assert set(data["branches"]["7.a"]) >= {
        *("state", "attempt", "ref", "head", "lines", "findings", "reason", "started", "finished", "seconds")
    }
    assert set(data["timings"]) == {"sequential", "actual", "saved", "saved_ratio", "agent_utilisation"}


def test_another_plan_or_an_open_run_is_not_complete() -> None:
    snapshot = finished()
    assert not build_status(snapshot, plan(base="other")).complete
    assert build_status(snapshot, changed(PLAN, title="New words", claims=Claims())).complete  # talk does not count
    assert snapshot.ledger is not None
    reopened = changed(snapshot.ledger, run=changed(snapshot.ledger.run, closed=None))
    assert not build_status(Snapshot(phase=7, opened=OpenPhase(reopened, PINNED)), PLAN).complete


@pytest.mark.parametrize(
    ("run", "closed", "state"),
    [(RUN, False, State.RUNNING), (RUN, True, State.UNFINISHED), ("run-0", False, State.UNFINISHED)],
)
def test_started_without_a_result_runs_only_while_its_run_does(run: str, closed: bool, state: State) -> None:
    snapshot = Snapshot(
        phase=7, opened=OpenPhase(ledger(PLAN, closed=closed), PINNED), started={"7.a": {1: claim(run)}}
    )
    branch = build_status(snapshot, PLAN).branches["7.a"]
    assert (branch.state, branch.attempt, branch.started) == (state, 1, at(5))
    assert branch.ref == "refs/phaseplan/phase-7/started/7.a/1"


def test_an_attempt_that_began_after_its_run_closed_is_that_of_a_cleared_task_and_runs() -> None:
    """It was called unfinished for as long as its agent worked; the board offered to bring it back once more."""
    again = replace(claim(RUN), time=at(159))
    snapshot = Snapshot(
        phase=7, opened=OpenPhase(ledger(PLAN, closed=True), PINNED), started={"7.a": {1: claim(RUN), 2: again}}
    )
    branch = build_status(snapshot, PLAN).branches["7.a"]
    assert (branch.state, branch.attempt, branch.started) == (State.RUNNING, 2, at(159))
    assert [attempt.outcome for attempt in branch.attempts] == ["unfinished", "running"]


def test_a_start_that_was_written_by_hand_stops_no_status() -> None:
    started = {"7.a": {1: replace(claim(RUN), time="yesterday")}}
    snapshot = Snapshot(phase=7, opened=OpenPhase(ledger(PLAN, closed=True), PINNED), started=started)
    assert build_status(snapshot, PLAN).branches["7.a"].state is State.UNFINISHED


def test_a_dependent_of_an_isolated_branch_is_blocked_by_name_and_the_others_are_not() -> None:
    finding = Finding(gate="budget", limit="10", actual="12", message="too many lines")
    failed = verdict("7.a", 1, 11, outcome="failed", findings=(finding,), name=None)
    snapshot = Snapshot(phase=7, opened=OpenPhase(ledger(PLAN), PINNED), verdicts={"7.a": (failed,)})
    status = build_status(snapshot, PLAN)
    isolated = status.branches["7.a"]
    assert isolated.state is State.ISOLATED
    assert isolated.ref == "refs/phaseplan/phase-7/attempts/7.a/1"
    assert isolated.findings == (finding,)
    assert status.branches["7.b"].state is State.PENDING
    assert status.branches["7.c"].state is State.BLOCKED
    assert status.branches["7.c"].reason == ("needs 7.a Part A, isolated: budget: too many lines (limit 10, actual 12)")
    assert status.branches["7.c"].blocked_by == "7.a"
    assert isolated.blocked_by is None


def test_reused_branches_take_the_run_no_time() -> None:
    old, new = verdict("7.a", 1, 50, run="run-0"), verdict("7.b", 60, 70)
    snapshot = Snapshot(phase=7, opened=OpenPhase(ledger(PLAN), PINNED), verdicts={"7.a": (old,), "7.b": (new,)})
    assert build_status(snapshot, PLAN).timings.actual == 10


def test_agents_of_an_earlier_run_take_a_wave_of_this_one_no_time() -> None:
    snapshot = finished()
    assert snapshot.ledger and snapshot.ledger.run
    run = changed(snapshot.ledger.run, id="later", opened=at(20))
    waves = {n: changed(w, run="later") for n, w in snapshot.ledger.waves.items()}
    later = replace(snapshot, opened=OpenPhase(changed(snapshot.ledger, run=run, waves=waves), PINNED))
    assert build_status(later, PLAN).waves[1].seconds == 2  # the integration alone


def test_a_red_wave_is_red_in_the_status() -> None:
    finding = Finding(gate="commands", message="make verify: exit 1")
    wave = WaveRecord(run=RUN, state="red", started=at(21), finished=at(23), findings=(finding,))
    snapshot = Snapshot(phase=7, opened=OpenPhase(ledger(PLAN, waves={1: wave}), PINNED))
    status = build_status(snapshot, PLAN)
    assert (status.waves[1].state, status.waves[1].findings) == ("red", (finding,))
    assert status.waves[2].state == "pending"


def deep() -> PhasePlan:
    """a, then c, which needs a, then d, which needs c."""
    data = plan().model_dump(mode="json", by_alias=True)
    last = {**data["waves"][1]["branches"][0], "id": "7.d", "branch": "feature/p7-d", "depends_on": ["7.c"]}
    return PhasePlan.model_validate({**data, "waves": [*data["waves"], {"wave": 3, "branches": [last]}]})


def test_the_deepest_cause_is_named_not_the_nearest() -> None:
    said = verdict("7.a", 1, 11, outcome="blocked", reason="the API is not there", name=None)
    book = ledger(deep(), branches={"7.c": BranchRecord(state=State.BLOCKED, attempt=1, cause="taken_out")})
    snapshot = Snapshot(phase=7, opened=OpenPhase(book, Pinned(plan=deep(), profiles={})), verdicts={"7.a": (said,)})
    status = build_status(snapshot)
    for behind in ("7.c", "7.d"):
        assert status.branches[behind].reason == "needs 7.a Part A, blocked: the API is not there"
        assert status.branches[behind].blocked_by == "7.a"


def test_a_passed_branch_behind_one_that_is_out_names_it() -> None:
    out = verdict("7.a", 1, 11, outcome="failed", reason="no", name=None)
    snapshot = Snapshot(
        phase=7, opened=OpenPhase(ledger(PLAN), PINNED), verdicts={"7.a": (out,), "7.c": (verdict("7.c", 1, 11),)}
    )
    waiting = build_status(snapshot, PLAN).branches["7.c"]
    assert (waiting.state, waiting.reason) == (State.PASSED, "needs 7.a Part A, isolated: no")


def test_every_attempt_has_its_outcome_and_what_became_of_it() -> None:
    budget = Finding(gate="budget", message="801 added lines")
    first = verdict("7.a", 1, 11, outcome="failed", findings=(budget, budget), name=None, run="run-0")
    second = verdict("7.a", 20, 31, attempt=2, name="feature/p7-a-v2", timings={"agent": 9.0})
    third = verdict("7.a", 40, 41, attempt=3, source="person", name="feature/p7-a-v3")
    regated = verdict("7.a", 40, 41, attempt=3, gating=2, source="person", name="feature/p7-a-v3", lines=3)
    out = BranchRecord(
        state=State.ISOLATED, attempt=2, cause="conflict", reason="conflicts with 7.b in x", verdict=second
    )
    snapshot = Snapshot(
        phase=7,
        opened=OpenPhase(ledger(PLAN, branches={"7.a": out}), PINNED),
        verdicts={"7.a": (first, second, third, regated)},
        started={"7.a": {1: claim("run-0"), 2: claim(), 4: claim("run-0"), 5: claim()}},
        attempts={"7.a": {1: "a" * 40, 2: "a" * 40, 3: "a" * 40, 4: "f" * 40}},
    )
    tried = {a.attempt: a for a in build_status(snapshot, PLAN).branches["7.a"].attempts}
    assert [(n, a.outcome, a.became, a.replaced_by) for n, a in tried.items()] == [
        (1, "failed", "", 2),
        (2, "passed", "conflict", 3),
        (3, "passed", "", 4),
        (4, "unfinished", "", 5),
        (5, "running", "", None),
    ]
    assert (tried[1].why, tried[1].run, tried[1].name) == ("budget: 801 added lines", "run-0", None)
    assert (tried[2].why, tried[2].agent_seconds) == ("conflicts with 7.b in x", 9.0)
    assert (tried[3].source, tried[3].name, tried[3].lines) == ("person", "feature/p7-a-v3", 3)
    assert (tried[4].commit, tried[4].why) == ("f" * 40, "started, and no result came back")
    assert (tried[5].run, tried[5].started, tried[5].why) == (RUN, at(5), "")


def test_an_integrated_attempt_is_not_replaced_by_one_that_was_rejected() -> None:
    first, second = verdict("7.a", 1, 11), verdict("7.a", 20, 31, attempt=2)
    book = ledger(
        PLAN,
        branches={
            "7.a": changed(record(State.INTEGRATED, first), rejected=2, reason="attempt 2 conflicts with 7.b in x")
        },
    )
    snapshot = Snapshot(phase=7, opened=OpenPhase(book, PINNED), verdicts={"7.a": (first, second)})
    tried = build_status(snapshot, PLAN).branches["7.a"].attempts
    assert [(a.became, a.replaced_by) for a in tried] == [("integrated", None), ("conflict", None)]
    assert tried[1].why == "attempt 2 conflicts with 7.b in x"


def test_predicted_conflicts_are_part_of_the_status() -> None:
    warning = EarlyWarning(branches=("7.a", "7.b"), paths=("pkg/a.go",))
    data = build_status(finished(), PLAN, warnings=[warning]).model_dump(mode="json")
    assert data["predicted_conflicts"] == [{"branches": ["7.a", "7.b"], "paths": ["pkg/a.go"]}]


def test_a_merge_conflict_is_what_became_of_the_attempt(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    token = lab.open(plan_of({"1": [], "2": []}))
    for branch_id in ("1", "2"):
        lab.build(token, branch_id, {"x": f"{branch_id}\n"})
    lab.integrate(token, 1)
    branches = build_status(lab.read()).branches
    (first,), (second,) = branches["1"].attempts, branches["2"].attempts
    assert (first.became, second.became) == ("integrated", "conflict")
    assert second.why == "conflicts with 1 in x"
