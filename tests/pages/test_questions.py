"""What a person is shown who is asked to approve: everything they need, and nothing that acts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from phaseplan.ledger.approval.asking import Answer, answer, ask, ask_again
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.plan.model import PhasePlan
from phaseplan.report.board.phase import board_of
from phaseplan.report.board.render import Frame, Rights, phase_page
from phaseplan.report.question import Links, question
from phaseplan.report.status import build_status
from tests.git.lab import PHASE, Lab
from tests.git.nights import Nights, plan_of

EVIL = "<img src=x onerror=alert(1)> ![x](http://evil.example/x.png) | `a` @everyone"
LINKS = Links("/phaseplan/board/phases/5", lambda b: f"/page/{b}")


@pytest.fixture
def plan() -> PhasePlan:
    claims = {"risks": {EVIL: "high"}, "mitigations": {EVIL: "look twice"}}
    made = plan_of(approve=["open", "wave", "phase"], claims=claims, title=EVIL)
    branch = made.waves[0].branches[0].model_copy(update={"title": EVIL})
    wave = made.waves[0].model_copy(update={"branches": (branch, *made.waves[0].branches[1:])})
    return made.with_(waves=(wave, *made.waves[1:]))


@pytest.fixture
def asked(tmp_path: Path, plan: PhasePlan) -> Snapshot:
    """A phase whose first wave is to be approved, after an answer that could not be taken."""
    nights = Nights(Lab(tmp_path))
    token = nights.begin(plan)
    lab = nights.lab
    for branch in ("1", "2"):
        nights.build(token, branch)
    ask(lab.repo, lab.remote, token, PHASE, "the opening")
    answer(lab.repo, lab.remote, token, PHASE, "the opening", Answer("Approve", "ann"))
    lab.integrate(token, 1)
    ask(lab.repo, lab.remote, token, PHASE, "wave 1")
    ask_again(lab.repo, lab.remote, token, PHASE, "wave 1", f"no words: {EVIL}")
    return lab.read()


def test_it_says_what_is_asked_and_what_each_answer_does(asked: Snapshot) -> None:
    shown = question(asked, "wave 1", LINKS)
    assert shown.subject == "Phase 5: approve wave 1?"
    for text in (
        "wave 1: 2 of 2 branches are integrated",
        "[2](/page/2)",
        "| integrated | 1 |",
        "**Approve**: wave 2 begins, with 3 branches",
        "**Send back**",
        "**Isolate**",
        "[The phase on the board](/phaseplan/board/phases/5)",
        "look twice",
        "could not be taken:** ``no words: ",
    ):
        assert text in shown.body, text


def test_what_plans_and_agents_wrote_is_code(asked: Snapshot) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(question(asked, "wave 1", LINKS).body)
    assert "<img" not in html and 'href="http' not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert html.count("<tr>") == 3, "a bar in a title ends no cell"


def test_the_opening_lists_what_agents_would_build(asked: Snapshot) -> None:
    body = question(asked, "the opening", LINKS).body
    assert "Agents would build 3 of 5 branches" in body and "**Do not begin**" in body


@pytest.mark.parametrize("may", [True, False])
def test_the_board_has_the_question_and_the_form_for_who_may(asked: Snapshot, plan: PhasePlan, may: bool) -> None:
    board = board_of(plan, asked, build_status(asked, plan), datetime.now(UTC))
    page = phase_page(board, Frame("", "/phaseplan/board", "s"), Rights(answer=may), paused=False)
    assert "Wave 1 waits for a person's approval" in page
    assert (page.count('data-do="answer"'), "<textarea" in page) == ((3, True) if may else (0, False))
    assert ("You may not answer it." in page) is not may
    assert "<img" not in page
    assert "waits for the approval of wave 1" in page
