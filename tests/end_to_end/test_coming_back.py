"""The day after the night: what was out comes back, by a Clear, by a person's push, by a new run."""

from __future__ import annotations

import pytest

from tests.end_to_end.night import Night, git
from tests.end_to_end.place import Place
from tests.end_to_end.test_gallery import ONCE, REFS, STATES, TWICE

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]

THRICE = TWICE | {"started/3", "attempts/3", "results/3.1"}
NEW = {
    "95.1.2": THRICE | {"feature/p95w1-never-v3"},
    "95.1.4": THRICE | {"feature/p95w1-trespass-v2"},
    "95.1.5": TWICE | {"feature/p95w1-asks-v2"},
    "95.2.1": ONCE | {"feature/p95w2-orphan"},
    "95.2.3": ONCE | {"feature/p95w2-waits"},
}
OLD = sorted(branch for branch in STATES if branch.startswith("95.") and branch not in NEW)


def test_the_phase_is_complete(back: Night) -> None:
    status = back.status(95)
    assert {b: s["state"] for b, s in status["branches"].items() if s["state"] != "integrated"} == {}
    assert status["complete"] is True
    assert '"phase_95": "success"' in back.output


@pytest.mark.parametrize("branch", NEW)
def test_what_was_out_has_a_new_attempt_and_its_name(back: Night, branch: str) -> None:
    assert back.refs(95, branch) == NEW[branch]


@pytest.mark.parametrize("branch", OLD)
def test_what_was_in_has_no_new_attempt(back: Night, branch: str) -> None:
    assert back.refs(95, branch) == REFS[branch]
    assert back.agents(95, branch) == list(range(1, 1 + len([r for r in REFS[branch] if "started" in r])))


def test_only_what_is_new_is_merged_and_integration_moved_forward(night: Night, back: Night) -> None:
    old, new = night.status(95)["integration"], back.status(95)["integration"]
    back.git(95, "merge-base", "--is-ancestor", old, new)
    merged = back.git(95, "log", "--first-parent", "--format=%P", f"{old}..{new}").splitlines()
    heads = {back.status(95)["branches"][branch]["head"] for branch in NEW}
    assert {parents.split()[1] for parents in merged} == heads
    assert len(merged) == len(NEW)


def test_a_clear_gives_a_fresh_budget(back: Night) -> None:
    verdict = back.verdict(95, "95.1.2", "3.1")
    assert (verdict["outcome"], verdict["source"]) == ("passed", "agent")
    assert verdict["claim"] != back.verdict(95, "95.1.2", "2.1")["claim"]
    assert back.show(95, "work/95.1.2/file.txt") == "done in attempt 3\n"


def test_the_dependent_builds_on_what_came_back(back: Night) -> None:
    head = back.status(95)["branches"]["95.2.1"]["head"]
    assert back.files(95, head) >= {"work/95.1.2/file.txt", "work/95.2.1/file.txt"}


def test_a_persons_push_is_adopted_gated_and_keeps_its_name(back: Night, place: Place) -> None:
    verdict = back.verdict(95, "95.1.4", "3.1")
    assert (verdict["outcome"], verdict["source"]) == ("passed", "person")
    assert verdict["name"] == "feature/p95w1-trespass-v2"
    assert back.agents(95, "95.1.4") == [1, 2]
    pushed = git(place.top / "mended", "rev-parse", "HEAD").strip()
    assert back.git(95, "rev-parse", "refs/heads/feature/p95w1-trespass-v2").strip() == pushed == verdict["commit"]
    assert back.show(95, "work/95.1.4/own.txt") == "by a person\n"


def test_what_asked_goes_on_after_its_answer(back: Night) -> None:
    assert [back.verdict(95, "95.1.5", n)["outcome"] for n in ("1.1", "2.1")] == ["blocked", "passed"]


def test_the_brief_of_what_conflicted_shows_both_sides_on_the_integration_head(night: Night, back: Night) -> None:
    assert back.code == 0, back.output
    assert back.refs(96, "96.1.4") == TWICE | {"feature/p96w1-other-word-v2"}
    brief = back.show(96, "work/96.1.4/brief.txt")
    assert "the word is first" in brief and "the word is other" in brief
    assert "the word is first" in back.show(96, "work/96.1.4/found.txt")
    assert "the word is first and other" in back.show(96, "notes/shared.txt")
    back.git(
        96, "merge-base", "--is-ancestor", night.status(96)["integration"], back.verdict(96, "96.1.4", "2.1")["base"]
    )


def test_a_selection_leaves_the_others_as_they_are(night: Night, back: Night) -> None:
    after = {b: s["state"] for b, s in back.status(96)["branches"].items()}
    before = {b: s["state"] for b, s in night.status(96)["branches"].items()}
    assert after == {**before, "96.1.4": "integrated"}


def test_nothing_is_left_on_the_engine_of_what_came_back(back: Night) -> None:
    assert [kept for kept in back.leftovers() if kept not in str(back.status(90)["branches"]["90.1.8"])] == []
