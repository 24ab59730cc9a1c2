"""Whole runs on a real repository: what a lead sees."""

from __future__ import annotations

import pytest

from phaseplan.errors import InputFault, Stale
from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import NewAttempt, claim_attempt, keep_attempt
from phaseplan.ledger.records import State
from phaseplan.ledger.run import WaveNotReached
from phaseplan.merging.reconcile import reconcile
from phaseplan.merging.workspace import DependencyOut
from phaseplan.phase.close import complete
from phaseplan.repository.remote import BaseMissing
from phaseplan.wave.integrate import WaveRed
from tests.git.lab import PHASE, Lab, commit_files, plan_of

HEAD = refs.integration(PHASE)


def test_two_waves_from_open_to_complete(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": []}, {"3": ["1"]}, validate=[["test -f one"], ["test -f three"]])
    token = lab.open(plan)
    first, second = lab.build(token, "1", {"one": "1\n"}), lab.build(token, "2", {"two": "2\n"})
    assert lab.integrate(token, 1).merged == ("1", "2")
    third = lab.build(token, "3", {"three": "3\n"})
    assert lab.repo.run("ls-tree", "--name-only", third.base).out.split() == ["README", "one"]
    done = lab.integrate(token, 2)
    held = lab.refs()
    assert held[HEAD] == done.head
    lab.show(held[HEAD], "three")
    assert all(lab.repo.is_ancestor(v.commit or "", held[HEAD]) for v in (first, second, third))
    assert held["refs/heads/feature/b1"] == first.commit
    closing = lab.close(token)
    assert closing.complete and closing.ok and "3 of 3 branches are integrated" in closing.message
    assert complete(lab.read(), plan)
    assert not complete(lab.read(), plan_of({"1": []}))
    assert [w.run for w in (lab.read().folded().waves.values())] == ["run-1", "run-1"]
    assert [c for c, _ in lab.bench.gated][-1] == held[HEAD]
    lab.open(plan, "run-2")
    assert not complete(lab.read(), plan)


def test_the_first_wave_may_be_number_zero(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": []}, {"3": ["1"]}, first=0, validate=[["test -f one"], ["test -f three"]])
    token = lab.open(plan)
    lab.build(token, "1", {"one": "1\n"})
    lab.build(token, "2", {"one": "2\n"})
    done = lab.integrate(token, 0)
    assert done.merged == ("1",) and set(done.isolated) == {"2"}
    lab.build(token, "3", {"three": "3\n"})
    lab.integrate(token, 1)
    closing = lab.close(token)
    assert "2 of 3 branches are integrated" in closing.message and "Clear wave_0.2_b2" in closing.message
    lab.build(token := lab.open(plan, "run-2"), "2", {"two": "2\n"})
    lab.integrate(token, 0)
    lab.integrate(token, 1)
    assert lab.close(token).complete


def test_a_conflict_isolates_the_later_branch_and_names_path_and_opponent(lab: Lab) -> None:
    token = lab.open(plan_of({"1": [], "2": [], "3": []}))
    lab.build(token, "1", {"f": "one\n"})
    lab.build(token, "2", {"f": "two\n"})
    lab.build(token, "3", {"g": "three\n"})
    done = lab.integrate(token, 1)
    assert done.merged == ("1", "3")
    assert [str(f) for f in done.isolated["2"]] == [
        "conflict: f: 2 conflicts with 1\n| line 1 of the merge:\n| <<<<<<< 1\n| one\n| =======\n| two\n| >>>>>>> 2"
    ]
    assert lab.state("2") == "isolated"
    held = lab.refs()
    assert "refs/heads/feature/b2" not in held and refs.attempt(PHASE, "2", 1) in held
    closing = lab.close(token)
    assert not closing.ok and not closing.complete
    assert "2 Branch 2: isolated: conflicts with 1 in f" in closing.message
    assert "Clear wave_1.2_b2 with Downstream on and Only-failed off" in closing.message
    assert any("ISOLATED 2 Branch 2" in line for line in lab.read().status_lines)


def test_the_opponent_may_be_of_an_earlier_wave(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}, {"2": []}))
    lab.build(token, "1", {"f": "one\n"})
    lab.build(token, "2", {"f": "two\n"})
    lab.integrate(token, 1)
    assert lab.integrate(token, 2).isolated["2"][0].message.startswith("2 conflicts with 1\n")


def test_dependents_of_an_isolated_branch_wait_and_are_named_blocked(lab: Lab) -> None:
    token = lab.open(plan_of({"1": [], "2": [], "3": ["2"]}))
    lab.build(token, "1", {"f": "one\n"})
    lab.build(token, "2", {"f": "two\n"})
    lab.build(token, "3", {"g": "three\n"})
    done = lab.integrate(token, 1)
    assert (done.merged, done.waiting) == (("1",), {"3": "2"})
    assert lab.state("3") == "passed"
    assert lab.read().first_cause("3") == "2"
    assert "3 Branch 3: blocked by 2, which is isolated" in lab.close(token).message
    again = lab.build(lab.open(lab.read().pinned.plan, "run-2"), "2", {"h": "two\n"})
    assert again.attempt == 2
    done = lab.integrate(lab.open(lab.read().pinned.plan, "run-2"), 1)
    assert done.merged == ("2",) and done.waiting == {"3": "2"}, "3 still carries the attempt of 2 that is out"
    assert lab.show(lab.refs()[HEAD], "f") == "one\n"


def test_a_failed_branch_is_isolated_and_its_dependents_cannot_start(lab: Lab) -> None:
    token = lab.open(plan_of({"1": [], "2": ["1"]}))
    lab.build(token, "1", {"f": "x\n"}, outcome="failed", reason="budget: 900 lines")
    assert lab.state("1") == "isolated" and lab.read().not_ready("2") == "1"
    with pytest.raises(DependencyOut, match="dependency 1"):
        lab.build(token, "2", {"g": "y\n"})
    done = lab.integrate(token, 1)
    assert done.merged == () and done.head is None and HEAD not in lab.refs()
    assert lab.read().folded().branches["1"].reason == "budget: 900 lines"


def test_a_start_without_result_becomes_unfinished(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": []})
    token = lab.open(plan)

    def claim(name: str) -> int:
        return claim_attempt(lab.repo, lab.remote, NewAttempt(PHASE, plan.by_id["1"], lab.main, name, token.run))

    assert claim("c/0") == 1
    assert claim("c/0") == 1, "a retry finds its own claim"
    assert claim("c/1") == 2, "a Clear is a new claim"
    assert lab.state("1") == "running"
    lab.build(token, "2", {"two": "2\n"})
    done = lab.integrate(token, 1)
    assert done.unfinished == ("1",) and done.merged == ("2",)
    assert lab.state("1") == "unfinished"
    assert lab.build(token, "1", {"one": "1\n"}, claim="c/2").attempt == 3
    assert lab.integrate(token, 1).merged == ("1",)


def test_a_red_wave_publishes_nothing_and_later_waves_are_not_reached(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}, {"2": []}, validate=[["echo no; test -f gone"], []]))
    lab.build(token, "1", {"one": "1\n"})
    with pytest.raises(WaveRed, match="echo no") as red:
        lab.integrate(token, 1)
    assert red.value.exit_code == 2 and [f.gate for f in red.value.findings] == ["wave", "commands"]
    assert HEAD not in lab.refs() and lab.state("1") == "passed"
    assert lab.read().folded().waves[1].state == "red"
    before = lab.refs()
    with pytest.raises(WaveNotReached, match="wave 1 is red"):
        lab.integrate(token, 2)
    assert lab.refs() == before
    closing = lab.close(token)
    assert not closing.ok and "wave 1 is red" in closing.message and "Clear open_phase" in closing.message


def test_a_selection_leaves_the_rest_untouched_and_does_not_complete(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": []})
    lab.build(lab.open(plan), "2", {"two": "2\n"})
    token = lab.open(plan, "run-2", branches=["1"])
    lab.build(token, "1", {"one": "1\n"})
    assert lab.integrate(token, 1).merged == ("1",)
    assert lab.state("2") == "passed"
    closing = lab.close(token)
    assert closing.ok and not closing.complete and "1 of 1 selected branches" in closing.message
    with pytest.raises(InputFault, match="phase 5 has no branch `9`; branches: 1, 2"):
        lab.open(plan, "run-3", branches=["9"])


def test_a_base_that_moved_is_merged_in(lab: Lab) -> None:
    plan = plan_of({"1": []}, {"2": []})
    token = lab.open(plan)
    lab.build(token, "1", {"one": "1\n"})
    old = lab.integrate(token, 1).head
    moved = commit_files(lab.repo, lab.main, {"README": "newer\n"}, "more")
    lab.push("refs/heads/main", moved)
    token = lab.open(plan, "run-2")
    assert token.base == moved
    head = lab.integrate(token, 1).head
    assert old and head and lab.repo.is_ancestor(old, head) and lab.repo.is_ancestor(moved, head)
    assert lab.show(head, "README") == "newer\n" and lab.state("1") == "integrated"


def test_a_base_in_conflict_is_red_and_isolates_nobody(lab: Lab) -> None:
    plan = plan_of({"1": []})
    token = lab.open(plan)
    lab.build(token, "1", {"README": "mine\n"})
    lab.integrate(token, 1)
    lab.push("refs/heads/main", commit_files(lab.repo, lab.main, {"README": "theirs\n"}, "more"))
    with pytest.raises(WaveRed, match="README: the new base conflicts with 1"):
        lab.integrate(lab.open(plan, "run-2"), 1)
    assert lab.state("1") == "integrated"


def test_a_foreign_commit_on_integration_becomes_the_new_base(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}, {"2": []}))
    lab.build(token, "1", {"one": "1\n"})
    head = lab.integrate(token, 1).head
    foreign = commit_files(lab.repo, head, {"hotfix": "x\n"}, "by hand")
    lab.push(HEAD, foreign)
    lab.build(token, "2", {"two": "2\n"})
    done = lab.integrate(token, 2)
    assert done.head and lab.repo.is_ancestor(foreign, done.head) and done.merged == ("2",)
    lab.push(HEAD, head)  # rewound by hand: rolls forward again
    assert reconcile(lab.repo, lab.remote, PHASE).heads[HEAD] == done.head


def test_a_later_attempt_in_conflict_leaves_the_integrated_one(lab: Lab) -> None:
    plan = plan_of({"1": [], "2": ["1"]})
    token = lab.open(plan)
    lab.build(token, "1", {"f": "one\n"})
    lab.build(token, "2", {"g": "two\n"})
    lab.integrate(token, 1)
    token = lab.open(plan, "run-2", rebuild="always")
    assert lab.build(token, "1", {"f": "another\n"}).attempt == 2
    assert "refs/heads/feature/b1" not in lab.refs(), "at most one public name"
    done = lab.integrate(token, 1)
    assert list(done.isolated) == ["1"] and lab.state("1") == "integrated"
    assert {r for r in lab.refs() if r.startswith("refs/heads/feature")} == {
        "refs/heads/feature/b1",
        "refs/heads/feature/b2",
    }
    assert not lab.close(token).ok
    assert lab.integrate(lab.open(plan, "run-3"), 1).isolated == {}, "not tried again"
    assert lab.read().folded().branches["1"].attempt == 1


def test_taken_names_are_skipped_and_left_alone(lab: Lab) -> None:
    plan = plan_of({"1": []})
    lab.push("refs/heads/feature/b1", lab.main)
    lab.push("refs/heads/feature/b1-v3", lab.main)
    token = lab.open(plan)
    assert lab.build(token, "1", {"one": "1\n"}).name == "feature/b1-v4"
    lab.integrate(token, 1)
    held = lab.refs()
    assert held["refs/heads/feature/b1"] == held["refs/heads/feature/b1-v3"] == lab.main


def test_base_missing_creates_nothing(lab: Lab) -> None:
    before = lab.refs()
    plan = plan_of({"1": []})
    from phaseplan.phase.open import open_phase

    with pytest.raises(BaseMissing, match="base 'nope'"):
        open_phase(lab.remote, lab.repo, plan, {}, run_id="r", base_name="nope", start="wave")
    assert lab.refs() == before
    lab.push("refs/tags/v1", lab.main)
    for name in ("v1", lab.main):
        assert open_phase(lab.remote, lab.repo, plan, {}, run_id=name, base_name=name, start="wave").base == lab.main


def test_opening_twice_is_opening_once_and_a_stale_token_touches_nothing(lab: Lab) -> None:
    plan = plan_of({"1": []})
    token = lab.open(plan)
    before = lab.refs()
    assert lab.open(plan) == token and lab.refs() == before
    lab.build(token, "1", {"one": "1\n"})
    newer = lab.open(plan, "run-2")
    assert newer.epoch == token.epoch + 1
    before = lab.refs()
    for step in (lambda: lab.integrate(token, 1), lambda: lab.close(token)):
        with pytest.raises(Stale, match=r"run run-1 \(epoch 1\) no longer holds phase 5, run run-2 \(epoch 2\) does"):
            step()
    assert lab.refs() == before


def test_work_once_kept_is_not_replaced(lab: Lab) -> None:
    for _ in range(2):
        assert keep_attempt(lab.repo, lab.remote, PHASE, "1", 1, lab.main) == lab.main
    other = commit_files(lab.repo, lab.main, {"x": "y"}, "other")
    assert keep_attempt(lab.repo, lab.remote, PHASE, "1", 1, other) == lab.main
    assert lab.refs()["refs/phaseplan/phase-5/attempts/1/1"] == lab.main


def test_closing_and_integrating_twice_changes_no_ref(lab: Lab) -> None:
    token = lab.open(plan_of({"1": []}))
    lab.build(token, "1", {"one": "1\n"})
    first = lab.integrate(token, 1)
    before = lab.refs()
    assert lab.integrate(token, 1).head == first.head and lab.refs() == before
    closing = lab.close(token)
    before = lab.refs()
    assert lab.close(token) == closing and lab.refs() == before
    assert lab.read().folded().branches["1"].state is State.INTEGRATED
