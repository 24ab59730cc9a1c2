"""Line 25: what `./phaseplan run` shows while it runs is correct.

Was: dependents were shown as blocked while the second attempt still ran, a wave as integrated with 0 branches, a phase
as running that never opened, nothing at all while a task failed and was tried again, and the demo ended in figures of
sample agents that say nothing about the plan.
Right: a branch is blocked only when no task works on its cause any more, a wave has ended when the ledger has its
result, a phase that did not open is shown as such, each failure is reported when it happens, and the plan's own
durations are shown beside the measured ones.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from phaseplan.cli.local_airflow.api import TaskState
from phaseplan.cli.progress.plain import Plain
from phaseplan.cli.progress.troubles import Troubles
from phaseplan.cli.progress.view import PhaseView, observe
from phaseplan.cli.running.logs import last_error
from phaseplan.cli.show import tables
from phaseplan.plan import names
from phaseplan.plan.campaign import load_valid
from phaseplan.report.status import PhaseStatus, build_status
from phaseplan.report.timings import Timings
from tests.git.lab import Lab, plan_of

TOP = Path(__file__).resolve().parents[2]
PLAN = plan_of({"5.1": [], "5.2": []}, {"5.3": ["5.1"]}, attempts=2)


def task(name: str, state: str, tries: int = 1) -> TaskState:
    task_id = names.branch_task_id(PLAN, name) if name in PLAN.by_id else name
    return TaskState(task_id, state, tries, "2026-01-05T10:00:00Z", 2.0)


def look(status: PhaseStatus | None, *tasks: TaskState, run: str = "running") -> PhaseView:
    return observe(PLAN, run, tasks, status, now=datetime(2026, 1, 5, 10, 1, tzinfo=UTC))


def shown(status: PhaseStatus | None, *tasks: TaskState) -> dict[str, str]:
    return {branch.id: branch.state for branch in look(status, *tasks).branches}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_no_branch_is_blocked_while_another_attempt_is_due(lab: Lab) -> None:
    token = lab.open(PLAN)
    lab.build(token, "5.1", {"a": "1\n"}, outcome="failed", reason="exit code 3")
    status = build_status(lab.read(), PLAN)
    assert {b: str(s.state) for b, s in status.branches.items()} == {
        "5.1": "running",
        "5.2": "pending",
        "5.3": "pending",
    }
    assert status.branches["5.1"].reason == "attempt 1 failed (exit code 3); the next of 2 follows"


def test_dependents_are_blocked_after_the_last_attempt(lab: Lab) -> None:
    plan = PLAN.model_copy(update={"attempts": 1})
    token = lab.open(plan)
    lab.build(token, "5.1", {"a": "1\n"}, outcome="failed", reason="exit code 3")
    status = build_status(lab.read(), plan)
    assert (str(status.branches["5.1"].state), str(status.branches["5.3"].state)) == ("isolated", "blocked")


def test_once_the_run_has_closed_no_attempt_is_due_any_more(lab: Lab) -> None:
    token = lab.open(PLAN)
    lab.build(token, "5.1", {"a": "1\n"}, outcome="failed", reason="exit code 3")
    lab.integrate(token, 1)
    lab.integrate(token, 2)
    lab.close(token)
    status = build_status(lab.read(), PLAN)
    assert (str(status.branches["5.1"].state), str(status.branches["5.3"].state)) == ("isolated", "blocked")


@pytest.mark.parametrize("state", ["running", "deferred", "up_for_retry", "queued"])
def test_no_branch_is_blocked_while_airflow_works_on_the_cause(lab: Lab, state: str) -> None:
    plan = PLAN.model_copy(update={"attempts": 1})
    token = lab.open(plan)
    lab.build(token, "5.1", {"a": "1\n"}, outcome="unfinished", reason="the engine went away")
    status = build_status(lab.read(), plan)
    assert str(status.branches["5.3"].state) == "blocked"
    assert shown(status, task("5.1", state))["5.3"] == "pending"
    assert shown(status, task("5.1", "failed"))["5.3"] == "blocked"


def test_a_wave_has_ended_when_the_ledger_says_how(lab: Lab) -> None:
    token = lab.open(PLAN)
    lab.build(token, "5.1", {"a": "1\n"})
    before = build_status(lab.read(), PLAN)
    done = [task("open_phase", "success"), task("wave_1.integrate", "success")]
    assert look(before, *done).waves[1] == "integrating"
    lab.integrate(token, 1)
    assert look(build_status(lab.read(), PLAN), *done).waves[1] == "integrated"


def test_a_wave_shows_how_many_of_its_branches_are_integrated(lab: Lab) -> None:
    lines: list[str] = []
    token = lab.open(PLAN.model_copy(update={"attempts": 1}))
    lab.build(token, "5.1", {"a": "1\n"}, outcome="failed", reason="no")
    lab.build(token, "5.2", {"b": "1\n"})
    lab.integrate(token, 1)
    lab.integrate(token, 2)
    ended = [task("open_phase", "success"), task("wave_1.integrate", "success"), task("wave_2.integrate", "success")]
    Plain(lines.append).show([look(build_status(lab.read(), PLAN), *ended)], 60, [None])
    assert [line.split("phase 5  ")[1] for line in lines if "wave" in line] == [
        "wave 1 integrated (1/2 branches, 1/3 in all)",
        "wave 2 ended, nothing of it is integrated (0/1 branches, 1/3 in all)",
    ]


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped"])
def test_a_phase_that_did_not_open_is_never_called_running(state: str) -> None:
    assert look(None, task("open_phase", state)).state == "not opened"
    assert look(None, task("open_phase", "up_for_retry")).state == "opening again"
    assert look(None, task("open_phase", "success")).state == "running"


def test_a_failure_is_reported_once_when_it_happens() -> None:
    reasons = {"open_phase": "the Docker engine may not be used", names.branch_task_id(PLAN, "5.1"): "no image x"}
    troubles = Troubles(PLAN, lambda task_id: reasons.get(task_id, ""))
    first = [task("open_phase", "up_for_retry"), task("5.1", "up_for_retry"), task("5.2", "failed")]
    assert list(troubles.fresh(first)) == [
        "Phase 5: open_phase failed, and Airflow tries it again: the Docker engine may not be used",
        "Phase 5: 5.1 failed, and Airflow tries it again: no image x",
    ]
    assert list(troubles.fresh(first)) == []
    assert list(troubles.fresh([task("open_phase", "failed", 2), task("wave_1.integrate", "failed")])) == [
        "Phase 5: open_phase failed: the Docker engine may not be used",
        "Phase 5: wave_1.integrate failed.",
    ]


def test_the_last_error_is_that_of_the_newest_try_and_a_long_log_costs_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "dag_id=phase_05" / "run_id=r" / "task_id=open_phase"
    folder.mkdir(parents=True)
    for number in (2, 10):
        line = json.dumps({"level": "error", "event": f"try {number}"})
        (folder / f"attempt={number}.log").write_text(f"{'x' * 3_000_000}\n{line}\n")
    assert last_error(tmp_path, "phase_05", "r", "open_phase") == "try 10"


def test_the_plan_s_own_durations_stand_beside_what_sample_agents_took() -> None:
    plan = load_valid([TOP / "include" / "plans" / "phase-05.yaml"], None).plans[0].plan
    took = Timings(sequential=55, actual=63, saved=-8, agent_utilisation=0.13)
    status = PhaseStatus(
        phase=5, title="", complete=True, integration=None, run=None, branches={}, waves={}, timings=took, claims={}
    )
    lines = list(tables.timing(status, plan))
    assert lines[0] == "took      1:03; one after another 0:55; nothing saved; agents busy 13% of the time"
    assert lines[1] == (
        "planned   17h if each branch takes its duration in the plan; one after another 2d 10h; saved 71%; "
        "agents busy 85% of the time (./phaseplan simulate)"
    )


def test_a_plan_without_durations_has_no_such_line() -> None:
    took = Timings(sequential=55, actual=63, saved=-8, agent_utilisation=0.13)
    status = PhaseStatus(
        phase=5, title="", complete=True, integration=None, run=None, branches={}, waves={}, timings=took, claims={}
    )
    assert [line.split()[0] for line in tables.timing(status, PLAN)] == ["took"]
