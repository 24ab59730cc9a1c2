"""Where a person approves: what waits, what an answer does, and when nobody is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.attempt import brief
from phaseplan.ledger.approval.answers import Approval, Remark
from phaseplan.ledger.approval.approvals import OPENING, WHOLE, NotApproved, approved, check_approved, missing, state
from phaseplan.ledger.approval.asking import Answer, AskAgain, answer, ask
from phaseplan.ledger.records import Token
from phaseplan.phase.close import complete
from phaseplan.phase.take_out import take_out
from phaseplan.plan.digest import plan_digest
from phaseplan.plan.model import PhasePlan
from phaseplan.report.standing import Standing, judge
from tests.git.lab import PHASE, Lab
from tests.git.nights import Nights, plan_of

FIRST = ("1", "2")
YES = Answer("Approve", "ann")


class Asked(Nights):
    """Nights whose questions a test answers."""

    def ask(self, token: Token, point: str) -> bool:
        """Return whether somebody has to answer."""
        return ask(self.lab.repo, self.lab.remote, token, PHASE, point).open

    def answer(self, token: Token, point: str, given: Answer = YES) -> Approval:
        """Answer."""
        return answer(self.lab.repo, self.lab.remote, token, PHASE, point, given)

    def wave(self, token: Token, plan: PhasePlan, number: int) -> None:
        """Build what a wave still needs, and integrate it."""
        snapshot = self.lab.read()
        for branch in plan.waves[number - 1].branches:
            if snapshot.state(branch.id) != "integrated":
                self.build(token, branch.id)
        self.lab.integrate(token, number)

    def through(self, token: Token, plan: PhasePlan, given: Answer = YES) -> None:
        """Go on to the end; every question gets the same answer."""
        for number in (1, 2):
            self.wave(token, plan, number)
            if self.ask(token, f"wave {number}"):
                self.answer(token, f"wave {number}", given)
        if self.ask(token, WHOLE):
            self.answer(token, WHOLE, given)


@pytest.fixture
def nights(tmp_path: Path) -> Asked:
    return Asked(Lab(tmp_path))


@pytest.fixture
def plan() -> PhasePlan:
    return plan_of(approve=["wave", "phase"])


def test_a_plan_that_asks_nobody_has_the_digest_it_always_had() -> None:
    assert plan_digest(plan_of(approve=None)) == plan_digest(plan_of())
    assert plan_digest(plan_of(approve=["phase"])) != plan_digest(plan_of())


def test_a_wave_waits_until_the_one_before_is_approved(nights: Asked, plan: PhasePlan) -> None:
    token = nights.begin(plan)
    nights.wave(token, plan, 1)
    with pytest.raises(NotApproved, match=r"wave 2 does not begin: wave 1 is not approved yet; wave_1.approve asks"):
        nights.lab.integrate(token, 2)
    assert nights.ask(token, "wave 1")
    with pytest.raises(NotApproved, match="wave 1 waits for a person's approval since"):
        check_approved(nights.lab.read(), 2)
    given = nights.answer(token, "wave 1")
    assert (given.who, sorted(given.work)) == ("ann", ["1", "2"])
    check_approved(nights.lab.read(), 2)
    nights.wave(token, plan, 2)
    assert any("wave 1 was approved by ann" in line for line in nights.lab.read().status_lines)


def test_a_phase_is_complete_only_with_all_approvals(nights: Asked, plan: PhasePlan) -> None:
    token = nights.begin(plan)
    for number in (1, 2):
        nights.wave(token, plan, number)
        assert nights.ask(token, f"wave {number}")
        nights.answer(token, f"wave {number}")
    assert nights.ask(token, WHOLE)
    closing = nights.lab.close(token)
    assert not closing.ok and not closing.complete and "the phase waits for a person's approval" in closing.message
    assert judge(nights.lab.read(), plan).standing is not Standing.COMPLETE
    nights.answer(token, WHOLE)
    assert nights.lab.close(token).complete
    assert complete(nights.lab.read(), plan)


def test_a_night_that_changes_nothing_asks_nobody(nights: Asked, plan: PhasePlan) -> None:
    nights.through(token := nights.begin(plan), plan)
    nights.lab.close(token)
    nights.push_main({"docs/news": "gated again, not built\n"})
    second = nights.begin(plan)
    for number in (1, 2):
        nights.lab.integrate(second, number)
        assert not nights.ask(second, f"wave {number}")
    assert not nights.ask(second, WHOLE)
    assert nights.lab.close(second).complete


def test_words_reach_the_next_attempt_and_only_what_was_sent_back_is_built_again(
    nights: Asked, plan: PhasePlan
) -> None:
    token = nights.begin(plan)
    nights.wave(token, plan, 1)
    assert nights.ask(token, "wave 1")
    given = nights.answer(token, "wave 1", Answer("Send back", "ann", "use a map, not a list", ("2",)))
    assert given.sentence("wave 1").startswith("2 of wave 1 was sent back by ann")
    closing = nights.lab.close(token)
    assert not closing.ok and "use a map, not a list" in closing.message and "The next run builds it" in closing.message
    second = nights.begin(plan)
    assert nights.due() == {"1": "reuse", "2": "build"} and nights.why("2") == "a person sent it back"
    remarks = nights.ledger().remarks
    assert {b: [r.words for r in said] for b, said in remarks.items()} == {"2": ["use a map, not a list"]}
    nights.wave(second, plan, 1)
    assert nights.built[-1] == "2" and nights.built.count("1") == 1
    with pytest.raises(NotApproved):
        nights.lab.integrate(second, 2)
    assert nights.ask(second, "wave 1"), "new work is a new question"
    nights.answer(second, "wave 1")
    nights.wave(second, plan, 2)
    third = nights.begin(plan)
    assert nights.due()["2"] == "reuse", "what was said stays part of its task, and is no change any more"
    assert not nights.ask(third, "wave 1") if nights.lab.integrate(third, 1) else True


def test_all_of_it_is_sent_back_where_no_branch_is_named(nights: Asked, plan: PhasePlan) -> None:
    nights.wave(token := nights.begin(plan), plan, 1)
    nights.ask(token, "wave 1")
    assert nights.answer(token, "wave 1", Answer("Send back", "ann", "no")).branches == FIRST


def test_what_was_sent_back_twice_says_both(nights: Asked, plan: PhasePlan) -> None:
    for words in ("first", "second"):
        nights.wave(token := nights.begin(plan), plan, 1)
        assert nights.ask(token, "wave 1")
        nights.answer(token, "wave 1", Answer("Send back", "ann", words, ("1",)))
        nights.lab.close(token)
    assert [(r.attempt, r.words) for r in nights.ledger().remarks["1"]] == [(1, "first"), (2, "second")]


def test_an_approval_without_some_holds_for_the_others(nights: Asked, plan: PhasePlan) -> None:
    nights.wave(token := nights.begin(plan), plan, 1)
    nights.ask(token, "wave 1")
    lab = nights.lab
    take_out(lab.remote, lab.repo, lab.bench, PHASE, "2", "not now")
    given = nights.answer(token, "wave 1", Answer("Isolate", "ann", "", ("2",)))
    assert given.answer == "approved" and list(given.work) == ["1"] and "without 2" in given.sentence("wave 1")
    assert approved(lab.read(), "wave 1")
    assert nights.ledger().branches["2"].state == "isolated"


def test_a_branch_that_is_taken_out_meanwhile_makes_no_new_question(nights: Asked, plan: PhasePlan) -> None:
    nights.wave(token := nights.begin(plan), plan, 1)
    nights.ask(token, "wave 1")
    first = nights.ledger().approvals["wave 1"]
    take_out(nights.lab.remote, nights.lab.repo, nights.lab.bench, PHASE, "2", "the answer's task died after this")
    assert nights.ask(token, "wave 1") and nights.ledger().approvals["wave 1"] == first
    assert nights.answer(token, "wave 1", Answer("Isolate", "ann", "", ("2",))).answer == "approved"


def test_an_approval_survives_that_approved_work_is_taken_out(nights: Asked, plan: PhasePlan) -> None:
    nights.wave(token := nights.begin(plan), plan, 1)
    nights.ask(token, "wave 1")
    nights.answer(token, "wave 1")
    take_out(nights.lab.remote, nights.lab.repo, nights.lab.bench, PHASE, "2", "later")
    assert approved(nights.lab.read(), "wave 1")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Answer("Send back", "ann", "  "), "say in `words`"),
        (Answer("Isolate", "ann"), "choose the `branches`"),
        (Answer("Send back", "ann", "no", ("3",)), "3 is not integrated in wave 1; it has 1, 2"),
        (Answer("Isolate", "ann", "", ("9",)), "9 is not integrated"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_asked_for_again(
    nights: Asked, plan: PhasePlan, given: Answer, why: str
) -> None:
    nights.wave(token := nights.begin(plan), plan, 1)
    nights.ask(token, "wave 1")
    with pytest.raises(AskAgain, match=why):
        nights.answer(token, "wave 1", given)
    assert nights.ask(token, "wave 1")
    assert why.split("`")[0].strip() in nights.ledger().approvals["wave 1"].again
    assert nights.answer(token, "wave 1").again == ""


def test_an_answer_about_other_work_than_was_shown_does_not_count(nights: Asked, plan: PhasePlan) -> None:
    token = nights.begin(plan)
    nights.build(token, "1")
    nights.lab.integrate(token, 1)
    nights.ask(token, "wave 1")
    nights.build(token, "2")
    nights.lab.integrate(token, 1)
    with pytest.raises(AskAgain, match="other work now than was shown"):
        nights.answer(token, "wave 1")
    assert nights.ask(token, "wave 1")
    assert nights.answer(token, "wave 1").answer == "approved"


def test_an_answer_after_its_time_ends_the_run_or_counts_as_the_plan_says(nights: Asked, plan: PhasePlan) -> None:
    nights.wave(token := nights.begin(plan), plan, 1)
    nights.ask(token, "wave 1")
    nights.answer(token, "wave 1", Answer(""))
    snapshot = nights.lab.read()
    assert not approved(snapshot, "wave 1") and "not approved in time" in state(snapshot, "wave 1")
    assert "Clear wave_1.approve with Downstream on" in nights.lab.close(token).message
    assert nights.ask(token, "wave 1"), "a Clear asks again"
    given = nights.answer(token, "wave 1", Answer("Approve"))
    assert given.answer == "approved" and "nobody answered in time" in given.sentence("wave 1")


def test_no_agent_begins_before_its_phase_may_open(nights: Asked) -> None:
    plan = plan_of(approve=["open"])
    token = nights.begin(plan)
    assert missing(nights.lab.read()) == (OPENING,)
    with pytest.raises(NotApproved, match="approve_open asks"):
        check_approved(nights.lab.read(), 1)
    nights.ask(token, OPENING)
    nights.answer(token, OPENING, Answer("Do not begin", "ann", "too dear"))
    closing = nights.lab.close(token)
    assert "the opening was stopped by ann" in closing.message and "too dear" in closing.message
    assert nights.ask(token, OPENING)
    nights.answer(token, OPENING)
    for number in (1, 2):
        nights.wave(token, plan, number)
    assert nights.lab.close(token).complete
    second = nights.begin(plan)
    assert not nights.ask(second, OPENING), "no agent begins, so nobody is asked"


def test_a_run_asks_about_its_own_opening(nights: Asked) -> None:
    plan = plan_of(approve=["open"])
    nights.ask(token := nights.begin(plan), OPENING)
    nights.answer(token, OPENING)
    assert nights.ask(nights.begin(plan), OPENING)


def test_a_question_is_asked_once_however_often_its_task_starts(nights: Asked, plan: PhasePlan) -> None:
    nights.wave(token := nights.begin(plan), plan, 1)
    nights.ask(token, "wave 1")
    first = nights.ledger().approvals["wave 1"]
    assert nights.ask(token, "wave 1") and nights.ledger().approvals["wave 1"] == first
    assert sum("ASKED" in line for line in nights.lab.read().status_lines) == 1


def test_a_red_or_unreached_wave_is_not_asked_about(nights: Asked, plan: PhasePlan) -> None:
    token = nights.begin(plan)
    with pytest.raises(Exception, match="has not been integrated in this run"):
        nights.ask(token, "wave 1")
    nights.wave(token, plan, 1)
    with pytest.raises(NotApproved, match="the phase is not asked about: wave 1 is not approved yet"):
        nights.ask(token, WHOLE)


def test_the_brief_quotes_what_a_person_said() -> None:
    plan = plan_of()
    said = (Remark(who="ann", when="2026-01-01", attempt=1, words="use a map\nnot a list"),)
    task = brief.task(plan, plan.by_id["1"], attempt=2, base="a" * 40, dependencies=(), conventions=None, remarks=said)
    text = brief.markdown(task)
    assert "## What a person said of the work before, which was sent back" in text
    assert "- of attempt 1: use a map\n  | not a list" in text
