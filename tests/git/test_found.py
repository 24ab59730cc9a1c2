"""What the state machine found, each as the few steps it takes."""

from __future__ import annotations

from pathlib import Path

from phaseplan.ledger.attempt_refs import NewAttempt, claim_attempt
from phaseplan.merging.reconcile import reconcile
from tests.git.lab import PHASE, Lab, commit_files, plan_of


def test_a_wave_integrated_again_beside_a_running_branch_says_nothing_twice(lab: Lab) -> None:
    plan = plan_of({"1": []}, {"2": []})
    token = lab.open(plan)
    lab.build(token, "1", {"one": "1\n"})
    claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, plan.by_id["2"], lab.main, "c/0", token.run))
    lab.integrate(token, 1)
    before = lab.refs()
    assert lab.integrate(token, 1).merged == () and lab.refs() == before
    assert lab.state("2") == "running"


def test_a_branch_that_is_out_stays_out_while_its_next_attempt_runs(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": []})
    token = lab.open(plan)
    lab.build(token, "1", {"f": "one\n"})
    lab.build(token, "2", {"f": "two\n"})
    lab.integrate(token, 1)
    assert lab.state("2") == "isolated"
    claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, plan.by_id["2"], lab.main, "c/1", token.run))
    lab.close(token)
    reconcile(lab.repo, lab.remote, PHASE)
    assert lab.state("2") == "running" and "refs/heads/feature/b2" not in lab.refs()
    assert lab.read().candidate("2") is None and lab.read().current("2") is None


def test_a_run_does_not_depend_on_its_base_staying_where_it_was(lab: Lab, tmp_path: Path) -> None:
    """Somebody rewrites `main` after the run was opened: its base must still reach whoever integrates."""
    plan = plan_of({"1": []})
    lab.build(lab.open(plan), "1", {"one": "1\n"})
    lab.integrate(lab.open(plan), 1)
    moved = commit_files(lab.target, lab.main, {"main": "x\n"}, "main moves")
    lab.target.run("update-ref", "refs/heads/main", moved)
    token = lab.open(plan, "run-2")
    lab.target.run("update-ref", "refs/heads/main", lab.main)
    other = lab.another_worker(tmp_path / "other.git")
    head = other.integrate(token, 1).head
    assert head and other.show(head, "main") == "x\n"
