"""A phase that is delivered under a real Airflow: opened, updated, merged, seen as merged; a branch that moved."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.delivery.standin.server import TOKEN
from tests.end_to_end.again import Evening
from tests.end_to_end.outside import SLACK, Outside
from tests.end_to_end.place import Place

#: Of 1, 5, and 6 if a night of 5 has woken it.
_LINKED = re.compile(r"\nhttp://127\.0\.0\.1:\d+/phaseplan/board/phases/[156]$")

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]


def delivery(outside: Outside, evening: str) -> dict[str, Any]:
    """What was recorded after an evening."""
    return dict(outside.facts[evening]["delivery"])


def test_a_pull_request_is_opened_and_the_next_nights_update_it(evenings: dict[str, Evening], outside: Outside) -> None:
    assert evenings["nothing"].state == evenings["file"].state == "success"
    first, second = delivery(outside, "nothing"), delivery(outside, "file")
    assert (first["state"], first["number"], second["number"]) == ("open", 1, 1) and first["head"] != second["head"]
    assert outside.facts["nothing"]["pulls"] == outside.facts["file"]["pulls"] == 1
    bodies = [outside.facts[evening]["body"] for evening in ("nothing", "file")]
    assert bodies[0] != bodies[1] and all("<!-- phaseplan phase-1 " in body for body in bodies)
    assert second["head"] == outside.facts["file"]["tip"], "the forge shows what integration holds"


def test_once_it_is_squashed_the_work_is_the_base_s_though_it_was_changed_since(
    evenings: dict[str, Evening], outside: Outside
) -> None:
    evening, record = evenings["merged"], delivery(outside, "merged")
    assert evening.state == "success" and evening.ledger["run"]["complete"]
    assert (record["state"], record["taken_as"]) == ("merged", outside.facts["merged"]["merge"])
    assert evening.begun("agent") == [], "nothing is built a second time"
    assert set(evening.due.values()) == {"gate"}
    assert outside.facts["merged"]["pulls"] == 1


def test_a_branch_that_moved_is_not_pushed_to_and_the_phase_is_complete(
    evenings: dict[str, Evening], outside: Outside
) -> None:
    evening, facts = evenings["moved"], outside.facts["moved"]
    assert evening.state == "failed" and evening.ledger["run"]["complete"]
    assert facts["tasks"]["close_phase"] == "success" and facts["tasks"]["deliver"] == "failed"
    assert facts["release"] == facts["release before"]
    assert "release has moved: it has 1 commit that integration/phase-1 has not" in facts["log"]
    assert "not delivered: release has moved" in facts["status"] and "release has moved" in facts["note"]


def test_the_forge_was_asked_as_its_schema_says_and_its_token_is_in_no_log(
    evenings: dict[str, Evening], outside: Outside, place: Place
) -> None:
    assert outside.forge.faults == []
    logs = [path.read_text(errors="replace") for path in (place.home / "logs").rglob("*.log")]
    assert logs and not [text for text in logs if TOKEN in text or SLACK in text]


def test_chat_and_hook_hear_of_each_event_with_a_link_to_the_board(
    evenings: dict[str, Evening], outside: Outside
) -> None:
    texts = outside.chat()
    assert any("pull request 1 " in text and "open" in text for text in texts)
    assert any("merged into main" in text for text in texts)
    assert any("not delivered: release has moved" in text for text in texts)
    assert [text for text in texts if not _LINKED.search(text)] == []
    assert {body["event"] for body in outside.json()} >= {"phase_complete", "wave_integrated", "delivery"}
    assert [body["text"] for body in outside.json()] == texts


def test_the_mail_is_one_a_night_and_none_where_nothing_changed(evenings: dict[str, Evening], outside: Outside) -> None:
    digests = outside.facts["file"]["mails"]
    assert [subject for subject, _ in digests] == ["Phase 1: digest"]
    (text,) = (text for _, text in digests)
    assert "rebuilt 3" in text and "- 1.1.1 rebuilt" in text and "/phaseplan/board/phases/1" in text
    for quiet in ("nothing of phase 5", "gate", "nothing again"):
        assert outside.facts[quiet]["mails"] == [], f"{quiet}: no branch changed, nor did the phase"
