"""What people see of a paused profile: once for all its branches, with the next step, wherever they look."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException
from rich.console import Console

from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.notify import about_profile
from phaseplan.cli.local_airflow.api import TaskState
from phaseplan.cli.progress.plain import Plain
from phaseplan.cli.progress.screen import draw
from phaseplan.cli.progress.troubles import Troubles
from phaseplan.cli.progress.view import PhaseView, observe
from phaseplan.cli.status import show
from phaseplan.ledger.write import commit_ledger
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.names import branch_task_id
from phaseplan.report.pages.look import look
from phaseplan.report.pages.render import Links, page
from phaseplan.report.status import build_status
from tests.git.lab import Lab
from tests.git.test_pausing import PHASE, TEN, Night, night

__all__ = ["night"]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


@pytest.fixture
def paused(night: Night) -> Night:
    """The first of ten branches has met a refused key."""
    night.end("1.1", night.start("1.1"), "refused")
    return night


def shown(night: Night) -> str:
    snapshot = night.lab.read()
    out = io.StringIO()
    status = build_status(snapshot)
    show(Console(file=out, width=200), status, snapshot, snapshot.require_open().plan)
    return out.getvalue()


def test_status_names_the_pause_and_the_next_step_once(paused: Night) -> None:
    text = shown(paused)
    attention = text.partition("Needs attention:")[2].partition("\n\n")[0]
    assert attention.count("profile claude is paused since") == 1 and "mend the Airflow connection `x`" in attention
    assert "1.1, 1.2, 1.3, 1.4, 1.5 and more then go on by themselves; a Clear of wave_1.1-1" in attention
    assert "unfinished" not in attention, "the branch that found it is no trouble of its own"


def test_a_closed_run_promises_no_next_try(paused: Night) -> None:
    lab = paused.lab
    snapshot = lab.read()
    ledger = snapshot.folded()
    assert ledger.run is not None
    closed = ledger.model_copy(update={"run": ledger.run.model_copy(update={"closed": "2026-01-05T10:00:00Z"})})
    assert commit_ledger(lab.repo, lab.remote, snapshot, closed)
    text = shown(paused)
    assert "next try" not in text and "start the phase again: 1.1, 1.2" in text


def test_a_probe_under_way_is_said(paused: Night) -> None:
    for branch in TEN:
        paused.start(branch, forced=True)
    assert "an attempt asks the provider again now" in shown(paused)


def view(night: Night, state: str | None) -> PhaseView:
    snapshot = night.lab.read()
    plan: PhasePlan = snapshot.require_open().plan
    tasks = [TaskState(branch_task_id(plan, b), state, 1, "2026-01-05T10:00:00Z", 4.0) for b in TEN]
    tasks.append(TaskState("open_phase", "success", 1, "2026-01-05T10:00:00Z", 4.0))
    return observe(plan, "running", tasks, build_status(snapshot), now=datetime.now(UTC))


@pytest.mark.parametrize("state", ["up_for_retry", "scheduled", "queued", "running"])
def test_progress_calls_its_branches_paused_whatever_each_try_does(paused: Night, state: str) -> None:
    assert {b.state for b in view(paused, state).branches if b.id in TEN} == {"paused"}


def test_progress_says_why_once(paused: Night) -> None:
    lines: list[str] = []
    plain = Plain(lines.append)
    for state in ("up_for_retry", "running", "up_for_retry"):
        plain.show([view(paused, state)], 75, [None])
    assert len([line for line in lines if "the provider refuses the key" in line]) == 1
    assert len([line for line in lines if line.endswith(": paused")]) == len(TEN)
    out = io.StringIO()
    Console(file=out, width=200).print(draw([view(paused, "running")], 75, [None], 10))
    assert out.getvalue().count("profile claude is paused since") == 1


def test_a_try_that_only_met_the_pause_is_no_news(paused: Night) -> None:
    plan = paused.lab.read().require_open().plan
    task = [TaskState(branch_task_id(plan, "1.2"), "up_for_retry", 1, None, None)]
    with pytest.raises(AirflowException) as raised, faults():
        paused.start("1.2")
    assert [*Troubles(plan, lambda _: str(raised.value)).fresh(task)] == []
    assert len([*Troubles(plan, lambda _: "the disk is full").fresh(task)]) == 1


def test_pages_say_it(paused: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for key, value in {"STATE": tmp_path / "state", "PLANS": tmp_path / "plans", "REPOSITORY": paused.lab.url}.items():
        monkeypatch.setenv(f"AIRFLOW__PHASEPLAN__{key}", str(value))
    links = Links(branch_task_id, "http://airflow/dags/phase_05")
    plan = paused.lab.read().require_open().plan
    for task in ("close_phase", branch_task_id(plan, "1.2")):
        found = look(PHASE, task, branch_task_id)
        assert found is not None
        text = page(found, links)
        assert "profile claude is paused since" in text and "mend the Airflow connection" in text
    assert "<h2>It waits</h2>" in text


def test_a_notification_of_a_pause_says_what_to_mend(paused: Night) -> None:
    plan = paused.lab.read().require_open().plan
    message = about_profile(plan, paused.pause())["message"]
    assert message.startswith(f"Phase {PHASE}: profile claude is paused since") and "`x`" in message
    assert message.endswith("a Clear tries at once.")
