"""What a run looks like while it runs."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from phaseplan.cli.local_airflow.api import TaskState
from phaseplan.cli.progress.estimate import remaining
from phaseplan.cli.progress.plain import Plain, clock
from phaseplan.cli.progress.screen import draw
from phaseplan.cli.progress.view import PhaseView, observe
from phaseplan.ledger.opened import OpenPhase
from phaseplan.ledger.records import Pinned, State, WaveRecord
from phaseplan.ledger.write import Snapshot
from phaseplan.report.status import PhaseStatus, build_status
from tests.cli.plans import RUN, at, ledger, plan, record, verdict

PLAN = plan(attempts=1)
A, B, C = "wave_1.7-a_p7-a", "wave_1.7-b_p7-b", "wave_2.7-c_p7-c"


def tasks(**states: str | None) -> list[TaskState]:
    names = {"a": A, "b": B, "c": C, "one": "wave_1.integrate", "two": "wave_2.integrate"}
    return [TaskState(names.get(n, n), state, 1, at(10), 4.0) for n, state in states.items()]


def look(run: str = "running", status: PhaseStatus | None = None, **states: str | None) -> PhaseView:
    now = datetime(2026, 1, 5, 10, 0, 30, tzinfo=UTC)
    return observe(PLAN, run, tasks(**states), status, now=now)


def states(view: PhaseView) -> list[str]:
    return [branch.state for branch in view.branches]


def test_a_running_or_deferred_task_counts_as_a_busy_agent() -> None:
    view = look(open_phase="success", a="running", b="deferred", c=None)
    assert states(view) == ["running", "running", "pending"]
    assert (view.state, view.busy, view.slots) == ("running", 2, 2)
    assert view.waves == {1: "running", 2: "pending"}
    assert view.branches[0].seconds == 20


def test_a_waiting_phase_names_the_phase_it_waits_for() -> None:
    assert look(await_phase_04="deferred", open_phase=None).state == "waiting for phase 4"
    assert look(open_phase="queued").state == "starting"
    assert look(open_phase="success", close_phase="running").state == "closing"


def test_the_ledger_decides_which_branches_are_integrated() -> None:
    a = verdict("7.a", 1, 11)
    failed = verdict("7.b", 1, 21, outcome="failed", reason="exit code 3")
    book = ledger(
        PLAN,
        branches={"7.a": record(State.INTEGRATED, a)},
        waves={1: WaveRecord(run=RUN, state="integrated", started=at(21), finished=at(23))},
    )
    pinned = Pinned(plan=PLAN, profiles={})
    status = build_status(
        Snapshot(phase=7, opened=OpenPhase(book, pinned), verdicts={"7.a": (a,), "7.b": (failed,)}), PLAN
    )
    view = look(status=status, open_phase="success", a="success", b="failed", c="deferred", one="success")
    assert states(view) == ["integrated", "isolated", "running"]
    assert view.branches[1].reason == "exit code 3"
    assert view.waves[1] == "integrated"


def test_task_states_count_until_the_ledger_is_read_again() -> None:
    assert states(look(open_phase="success", a="success", b="upstream_failed", c="skipped")) == [
        *("passed", "blocked", "skipped")
    ]


def test_a_log_gets_each_change_once() -> None:
    lines: list[str] = []
    plain = Plain(lines.append)
    for _ in range(2):
        plain.show([look(open_phase="success", a="running", b="queued", c=None)], 3, [None])
    plain.show([look(open_phase="success", a="success", b="running", c=None)], 65, [30])
    plain.show([look("failed", open_phase="success", a="success", b="failed", one="failed")], 3700, [None])
    assert lines == [
        "[   0:03] phase 7  running: Small",
        "[   0:03] phase 7  7.a Part A: running (1/2 agents busy)",
        "[   1:05] phase 7  7.a Part A: passed (after 0:04)",
        "[   1:05] phase 7  7.b Part B: running (1/2 agents busy)",
        "[1:01:40] phase 7  7.b Part B: failed (after 0:04)",
        "[1:01:40] phase 7  wave 1 failed (0/2 branches, 0/3 in all)",
        "[1:01:40] phase 7  ended: failed",
    ]


def test_the_rest_is_estimated_by_what_was_seen_in_proportion_to_lines() -> None:
    assert remaining(PLAN, look(open_phase="success", a="running", b="queued", c=None), by_wave=True) is None
    # a took 4 s for 100 lines, so b (200) takes 8 s, of which none is over, and then c (100) 4 s
    view = look(open_phase="success", a="success", b="queued", c=None)
    assert remaining(PLAN, view, by_wave=True) == 12
    assert remaining(PLAN, view, by_wave=False) == 8  # c needs only a: both at once


def test_a_low_terminal_shows_running_branches_and_a_high_one_all() -> None:
    def text(height: int) -> str:
        console = Console(width=80, height=height, color_system=None, force_terminal=False)
        with console.capture() as capture:
            console.print(draw([look(open_phase="success", a="running", b="queued", c=None)], 75, [None], height))
        return capture.get()

    assert "7.a" in text(40) and "7.c" in text(40)
    assert "7.a" in text(6) and "7.c" not in text(6)
    assert max(map(len, text(40).splitlines())) <= 80
    assert "agents 1/2" in text(40)


def test_clock_writes_minutes_and_hours() -> None:
    assert [clock(x) for x in (None, 0.2, 59.6, 3600)] == ["-", "0:00", "1:00", "1:00:00"]
