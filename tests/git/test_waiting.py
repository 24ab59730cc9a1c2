"""What one who waits for a phase is told, on a real repository and real plan files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from phaseplan.config.plan_cache import PlanFiles
from phaseplan.config.settings import settings
from phaseplan.errors import Infrastructure
from phaseplan.phase.take_out import take_out
from phaseplan.plan.model import PhasePlan
from phaseplan.report.standing import Standing, judge
from phaseplan.report.watching import Watch
from tests.git.lab import Lab, commit_files
from tests.git.planfolder import configured, finish, put, two

Looks = Callable[[], Any]


@pytest.fixture
def plans(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return configured(lab, tmp_path, monkeypatch)


@pytest.fixture
def plan(plans: Path) -> PhasePlan:
    return two(plans)


@pytest.fixture
def look(plan: PhasePlan) -> Looks:
    watch = Watch(PlanFiles())
    return lambda: watch.look(5, None)


def test_a_phase_that_was_never_opened_is_waited_for(look: Looks) -> None:
    wait = look()
    assert wait.standing is Standing.WAITING and "has not been opened yet" in wait.reason


def test_a_run_under_way_says_since_when_and_who_blocks_and_why(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    token = lab.open(plan.with_(attempts=1), "run-7")
    lab.build(token, "1", {"src/1": "x"}, outcome="failed", reason="go vet says no")
    wait = look()
    run = lab.read().ledger.run  # type: ignore[union-attr]
    assert wait.standing is Standing.WAITING and run is not None
    assert f"run run-7, opened {run.opened}: 0 of 3 branches" in wait.reason
    assert "1 isolated: go vet says no" in wait.reason
    assert "3 blocked by 1" in wait.reason and "2 pending" in wait.reason


def test_a_complete_phase_opens_the_next(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    finish(lab, plan)
    assert look().standing is Standing.COMPLETE


def test_a_triggerer_without_plan_files_judges_by_the_plan_of_the_newest_run(
    lab: Lab, plan: PhasePlan, plans: Path, look: Looks
) -> None:
    shutil.rmtree(plans)
    wait = look()
    assert wait.standing is Standing.WAITING and "has not been opened yet" in wait.reason
    lab.open(plan)
    assert look().standing is Standing.WAITING
    finish(lab, plan)
    assert look().standing is Standing.COMPLETE


@pytest.mark.parametrize("run", ["manual__2026-01-02", "scheduled__2026-01-02", "asset_triggered__2026-01-02"])
def test_a_stale_success_opens_nothing(lab: Lab, plan: PhasePlan, look: Looks, run: str) -> None:
    finish(lab, plan, "scheduled__2026-01-01")
    assert look().complete
    token = lab.open(plan, run)  # whoever starts it, also again after a Clear of open_phase
    assert look().standing is Standing.WAITING
    assert lab.close(token).complete
    assert look().complete


def test_a_base_that_moves_keeps_nothing_closed(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    finish(lab, plan)
    for n in range(3):
        lab.push("refs/heads/main", commit_files(lab.repo, lab.main, {"moved": str(n)}, "move", when=1_700_000_100 + n))
        assert look().complete


def test_an_edit_of_the_plan_needs_a_new_run_and_words_do_not(lab: Lab, plans: Path, plan: PhasePlan) -> None:
    watch = Watch(PlanFiles())
    finish(lab, plan)
    put(plans, changed_plan := plan.model_copy(update={"title": "New words", "schedule": "@daily"}))
    assert watch.look(5, None).complete
    more = put(plans, changed_plan.model_copy(update={"attempts": 3}))
    wait = watch.look(5, None)
    assert wait.standing is Standing.CHANGED and "needs a new run" in wait.reason
    finish(lab, more, "run-2")
    assert watch.look(5, None).complete


def test_a_failed_run_is_told_at_once_with_what_to_do(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    token = lab.open(plan, "run-1")
    lab.build(token, "1", {"src/1": "x"}, outcome="failed", reason="go vet says no")
    lab.build(token, "2", {"src/2": "x"})
    lab.integrate(token, 1)
    lab.integrate(token, 2)
    assert look().standing is Standing.WAITING  # not closed yet
    assert not lab.close(token).ok
    wait = look()
    assert wait.standing is Standing.FAILED
    for text in (
        "run run-1, opened 20",
        "1 Branch 1: isolated: go vet",
        "3 Branch 3: blocked by 1",
        "Clear wave_1.1_b1",
    ):
        assert text in wait.reason, text


def test_a_clear_in_the_failed_phase_is_waited_for_until_it_is_over(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    """The run stays closed while what was Cleared runs, so its traces tell: claim, verdict, integration, close."""
    token = lab.open(plan, "run-1")
    lab.build(token, "1", {"src/1": "x"}, outcome="failed")
    lab.build(token, "2", {"src/2": "x"})
    lab.integrate(token, 1)
    lab.close(token)
    assert look().standing is Standing.FAILED
    lab.build(token, "1", {"src/1": "y"}, claim="run-1/1")
    wait = look()
    assert wait.standing is Standing.WAITING and "goes on" in wait.reason
    lab.integrate(token, 1)
    assert look().standing is Standing.WAITING
    lab.build(token, "3", {"src/3": "y"})
    assert look().standing is Standing.WAITING
    lab.integrate(token, 2)
    assert look().standing is Standing.WAITING
    assert lab.close(token).complete
    assert look().complete


def test_a_clear_that_failed_again_is_a_failure_once_nothing_follows(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    token = lab.open(plan, "run-1")
    lab.build(token, "1", {"src/1": "x"}, outcome="failed")
    lab.close(token)
    lab.build(token, "1", {"src/1": "y"}, claim="run-1/1", outcome="failed")
    assert look().standing is Standing.WAITING  # its close may be on the way
    assert judge(lab.read(), plan, datetime.now(UTC) + timedelta(seconds=61)).standing is Standing.FAILED


def test_a_selection_that_went_well_is_waited_for(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    finish(lab, plan, branches=("1", "2"))
    wait = look()
    assert wait.standing is Standing.WAITING and "for 1, 2 only" in wait.reason and "3 pending" in wait.reason
    finish(lab, plan, "run-2")
    assert look().complete


def test_a_branch_that_a_person_took_out_closes_the_phase_again(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    finish(lab, plan)
    take_out(lab.remote, lab.repo, lab.bench, 5, "2", "a person says no")
    soon = judge(lab.read(), plan, datetime.now(UTC) + timedelta(hours=1))
    assert soon.standing is Standing.FAILED and "2 Branch 2: isolated: taken out" in soon.reason
    assert not look().complete


def test_who_waits_behind_one_that_waits_learns_of_the_failure(lab: Lab, plans: Path, plan: PhasePlan) -> None:
    put(plans, changed_phase(plan, 6, depends_on=(5,)))
    watch = Watch(PlanFiles())
    assert watch.look(6, None).standing is Standing.WAITING
    token = lab.open(plan, "run-1")
    lab.build(token, "1", {"src/1": "x"}, outcome="failed")
    lab.close(token)
    wait = watch.look(6, None)
    assert wait.standing is Standing.FAILED
    assert wait.reason.startswith("Phase 6 cannot open. Phase 5 has failed: run run-1")


def changed_phase(plan: PhasePlan, phase: int, **more: Any) -> PhasePlan:
    return plan.model_copy(update={"phase": phase, **more})


def test_a_plan_that_is_away_or_wrong_is_said(plans: Path, plan: PhasePlan, look: Looks) -> None:
    assert look().standing is Standing.WAITING
    (plans / "phase-5.yaml").write_text("phase: 5\n")
    assert look().standing is Standing.ABSENT
    (plans / "phase-5.yaml").unlink()
    wait = look()
    assert wait.standing is Standing.ABSENT and str(plans) in wait.reason


def test_a_repository_that_does_not_answer_is_no_state(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    lab.url.rename(away := lab.url.with_suffix(".away"))
    with pytest.raises(Infrastructure, match="cannot be read"):
        look()
    away.rename(lab.url)
    assert look().standing is Standing.WAITING


def test_fifty_who_wait_ask_once(
    lab: Lab, plans: Path, plan: PhasePlan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every git process is counted by a wrapper in front of the real one."""
    for phase in range(6, 56):
        put(plans, changed_phase(plan, phase))
    lab.open(plan, "run-1")
    log, bin_ = tmp_path / "calls", tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "git").write_text(f'#!/bin/sh\necho "$@" >> {log}\nPATH=${{PATH#*:}} exec git "$@"\n')
    (bin_ / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")

    def asked() -> int:
        return log.read_text().count("ls-remote") if log.exists() else 0

    watch = Watch(PlanFiles())
    waits = [watch.look(phase, None, max_age=60) for phase in range(5, 55)]
    assert {w.standing for w in waits} == {Standing.WAITING}
    once, calls = asked(), log.read_text().count("\n")
    assert once <= 2  # one listing, and one where phase 5 is read
    for _ in range(3):
        assert [watch.look(phase, None, max_age=60) for phase in range(5, 55)] == waits
    assert log.read_text().count("\n") == calls
    assert watch.look(5, None) == waits[0]  # nothing moved: listed, not read
    assert log.read_text().count("\n") == calls + 1


def test_plan_files_are_parsed_once_per_change(plans: Path, plan: PhasePlan) -> None:
    files = PlanFiles()
    first = files.plans(settings())
    assert files.plans(settings()) is first
    put(plans, changed_phase(plan, 6))
    assert set(files.plans(settings())) == {5, 6}


def test_a_run_that_was_killed_is_waited_for_with_its_name(lab: Lab, plan: PhasePlan, look: Looks) -> None:
    lab.open(plan, "run-dead")
    assert "run run-dead, opened" in look().reason
    assert look().standing is Standing.WAITING
