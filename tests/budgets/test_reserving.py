"""What an attempt may use of budgets that branches share, by the refs of a real target."""

from __future__ import annotations

from pathlib import Path

import pytest

import phaseplan.ledger.read as module
from phaseplan.ledger import refs
from phaseplan.ledger.attempt_refs import keep_attempt
from phaseplan.ledger.money.budgets import BudgetHeld, BudgetSpent, obstacle, reserve, shared_budgets
from phaseplan.ledger.money.usage import Allowance
from phaseplan.ledger.read import read
from phaseplan.plan.budget import Budget
from phaseplan.repository.repo import GitRepo
from tests.budgets.plans import OPEN, begin, end, opened, shared, used
from tests.git.lab import PHASE, Lab
from tests.git.talk import Talk, talk

__all__ = ["talk"]


def test_without_a_budget_of_its_own_a_branch_gets_a_fair_part_of_what_is_free(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    assert begin(lab, plan, "1").allowance == Allowance(tokens=250, tokens_of="phase")
    end(lab, "1", 1, used(100))
    assert begin(lab, plan, "2").allowance == Allowance(tokens=300, tokens_of="phase"), "900 free, three to come"
    assert begin(lab, plan, "3").allowance == Allowance(tokens=300, tokens_of="phase")
    assert begin(lab, plan, "4").allowance == Allowance(tokens=300, tokens_of="phase")
    assert lab.refs()[refs.budget(PHASE)] == lab.refs()[refs.started(PHASE, "4", 1)]


def test_a_branch_with_a_budget_gets_it_as_far_as_it_is_free(lab: Lab) -> None:
    plan = shared(own={"tokens": 400, "usd": 3}, phase={"tokens": 1000}, night={"usd": 5})
    opened(lab, plan)
    assert begin(lab, plan, "1").allowance == Allowance(tokens=400, usd=3)
    assert begin(lab, plan, "2").allowance == Allowance(tokens=400, usd=2, usd_of="night")


def test_nothing_free_waits_while_others_hold_it_and_begins_when_they_end(lab: Lab) -> None:
    plan = shared(own={"tokens": 500}, phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    begin(lab, plan, "2")
    words = r"3 waits for 1, 2 to end: nothing of the phase's budget of 1,000 tokens is free \(0 tokens used, 1,000"
    with pytest.raises(BudgetHeld, match=words):
        begin(lab, plan, "3")
    assert "3" not in lab.read().started, "no number is taken"
    end(lab, "1", 1, used(200))
    assert begin(lab, plan, "3").allowance == Allowance(tokens=300, tokens_of="phase")


def test_nothing_left_and_held_by_none_is_spent_and_says_what_to_do(lab: Lab) -> None:
    plan = shared(own={"tokens": 500}, phase={"tokens": 500})
    opened(lab, plan)
    begin(lab, plan, "1")
    end(lab, "1", 1, used(512))
    with pytest.raises(BudgetSpent) as raised:
        begin(lab, plan, "2")
    assert str(raised.value) == (
        "2 is not begun: the phase's budget of 500 tokens is spent (512 tokens used). "
        "Next: raise `budget` in the plan, then Clear open_phase with Downstream on"
    )
    opened(lab, shared(own={"tokens": 500}, phase={"tokens": 900}))
    assert begin(lab, plan, "2").allowance == Allowance(tokens=388, tokens_of="phase"), "raised while the run goes on"


def test_less_than_a_hundredth_is_nothing(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    end(lab, "1", 1, used(991))
    assert isinstance(obstacle(lab.read(), "2"), BudgetSpent)


def test_a_night_is_a_run_and_a_phase_all_of_them(lab: Lab) -> None:
    plan = shared(own={"tokens": 500}, phase={"tokens": 900}, night={"tokens": 500})
    opened(lab, plan)
    begin(lab, plan, "1")
    end(lab, "1", 1, used(450))
    assert begin(lab, plan, "2").allowance == Allowance(tokens=50, tokens_of="night")
    end(lab, "2", 1, used(50), "failed")
    with pytest.raises(BudgetSpent, match=r"the night's budget of 500 tokens is spent .* start another run, or raise"):
        begin(lab, plan, "3")
    opened(lab, plan, "run-2")
    assert begin(lab, plan, "3", "run-2/0").allowance == Allowance(tokens=400, tokens_of="phase")
    assert [each.spent("tokens") for each in shared_budgets(lab.read())] == [500, 0]


def test_work_that_is_gated_again_is_counted_once(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    end(lab, "1", 1, used(100), "failed")
    end(lab, "1", 1, used(100), gating=2)
    assert shared_budgets(lab.read())[0].spent("tokens") == 100


@pytest.mark.parametrize("verdict", [True, False], ids=["judged", "superseded"])
def test_an_attempt_that_ran_and_whose_record_is_lost_counts_in_full(lab: Lab, verdict: bool) -> None:
    plan = shared(own={"tokens": 300}, phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    keep_attempt(lab.repo, lab.remote, PHASE, "1", 1, lab.main)
    if verdict:
        end(lab, "1", 1, None, "unfinished", exit_code=137, raw=lab.main)
    begin(lab, plan, "1", "run-1/9")
    (each,) = shared_budgets(lab.read())
    assert (each.spent("tokens"), each.held["1"].tokens) == (300, 300)
    assert "in this 1 attempts in full whose record is lost" in str(each)


def test_an_attempt_whose_agent_never_began_has_used_nothing(lab: Lab) -> None:
    plan = shared(own={"tokens": 300}, phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    assert shared_budgets(lab.read())[0].held == {"1": Allowance(tokens=300)}
    begin(lab, plan, "1", "run-1/9")  # of a Clear
    assert (shared_budgets(lab.read())[0].spent("tokens"), len(shared_budgets(lab.read())[0].held)) == (0, 1)
    end(lab, "1", 2, None, "blocked")
    assert (shared_budgets(lab.read())[0].spent("tokens"), shared_budgets(lab.read())[0].held) == (0, {})


def test_what_an_earlier_run_holds_is_waited_for_where_this_run_ends_it(lab: Lab) -> None:
    plan = shared(own={"tokens": 1000}, phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    opened(lab, plan, "run-2")
    assert isinstance(obstacle(lab.read(), "2"), BudgetHeld)
    opened(lab, plan, "run-3", branches=("2",))
    found = obstacle(lab.read(), "2")
    assert isinstance(found, BudgetSpent) and "reserved by 1" in str(found)


def test_a_claim_that_is_taken_up_again_keeps_what_it_has_reserved(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    first = begin(lab, plan, "1")
    again = begin(lab, plan, "1", snapshot=lab.read())
    assert (again.number, again.allowance) == (1, first.allowance)


def test_a_budget_that_nothing_counts_is_not_reserved_from(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan, profile=OPEN)
    assert begin(lab, plan, "1").allowance is None and refs.budget(PHASE) not in lab.refs()
    assert reserve(lab.read(), "2", Budget(tokens=5)) is None


def test_a_listing_that_lacks_the_newest_start_is_asked_for_again(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000})
    opened(lab, plan)
    begin(lab, plan, "1")
    started = refs.started(PHASE, "1", 1)
    half = {ref: sha for ref, sha in lab.refs().items() if ref != started}
    assert "1" in read(lab.repo, lab.remote, PHASE, listed=half).started
    lab.push(started, None)  # by hand
    assert begin(lab, plan, "2").allowance == Allowance(tokens=250, tokens_of="phase")


def test_a_price_that_is_unknown_is_said_and_not_taken_for_nothing(lab: Lab) -> None:
    plan = shared(phase={"tokens": 1000, "usd": 10})
    opened(lab, plan)
    begin(lab, plan, "1")
    end(lab, "1", 1, used(100, None))
    assert str(shared_budgets(lab.read())[0]) == (
        "10% of the phase's budget of 1,000 tokens and $10.00: 100 tokens and $0.00 used, price of gpt unknown"
    )


def test_dollars_that_are_known_count_beside_those_that_are_not(lab: Lab) -> None:
    plan = shared(own={"usd": 4}, night={"usd": 10})
    opened(lab, plan)
    for branch_id, usd in (("1", 3.0), ("2", None)):
        begin(lab, plan, branch_id)
        end(lab, branch_id, 1, used(100, usd))
    assert shared_budgets(lab.read())[0].spent("usd") == 3.0


def test_a_reservation_costs_no_call_of_the_target(lab: Lab, talk: Talk) -> None:
    plans = {"shared": shared(phase={"tokens": 1000}), "own": shared(night={"tokens": 10}).with_(budget=None)}
    for run, (name, plan) in enumerate(plans.items()):
        opened(lab, plan, f"run-{run}")
        seen = lab.read()
        with talk.during(name):
            given = begin(lab, plan, "1", f"run-{run}/0", snapshot=seen)
        assert (given.allowance is None) == (name == "own")
    assert talk.calls["shared"] == talk.calls["own"]


def test_a_shared_budget_lets_a_start_read_no_object_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What decision 044 rests on: a look reads each claim and each verdict in any case, and reserving reads nothing."""
    names: list[str] = []
    real = module.read_objects
    monkeypatch.setattr(module, "read_objects", lambda repo, wanted: names.extend(wanted) or real(repo, wanted))
    ids, counts = tuple(map(str, range(1, 9))), dict[str, int]()
    for name in ("shared", "own"):
        (folder := tmp_path / name).mkdir()
        lab, plan = Lab(folder), shared(ids, phase={"tokens": 10_000})
        plan = plan if name == "shared" else plan.with_(budget=None)
        opened(lab, plan)
        for branch_id in ids[:-1]:
            begin(lab, plan, branch_id)
            end(lab, branch_id, 1, used(100))
        names.clear()
        seen = read(GitRepo.init(folder / "fresh.git"), lab.remote, PHASE, logs=False)
        given = reserve(seen, ids[-1], None)
        assert given == (Allowance(tokens=9300, tokens_of="phase") if name == "shared" else None)
        counts[name] = len(names)
    assert counts["shared"] == counts["own"] >= 14
