"""What the reader of plans in waves takes for a title, a duration and a direction, in documents of many places."""

from __future__ import annotations

import pytest
import yaml

from phaseplan.documents.importing.context import waves_of
from phaseplan.documents.importing.document import import_text
from phaseplan.documents.importing.spans import duration
from phaseplan.documents.importing.titles import is_role
from phaseplan.plan.spans import Span

HEAD = "# Phase 6: Harbour\n\nAll agents meet on day 2, and 3 of them stay.\n\n## Wave 1: Quay\n\n"


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("1 day (planned) / <4 hours (measured)", 8),
        ("1.5 days (estimated), actual: 3 hours", 12),
        ("2 days / took 5 hours", 16),
        ("4 hours", 4),
        ("actual: 3 hours", 3),
    ],
)
def test_a_duration_is_the_planned_one(text: str, hours: int) -> None:
    assert duration(text) == Span(low=hours * 3600, high=hours * 3600)


@pytest.mark.parametrize("text", ["Steel Expert", "Backend Engineer", "Lead", "**Senior UI Designer**"])
def test_a_role_is_no_title(text: str) -> None:
    assert is_role(text)


@pytest.mark.parametrize("text", ["Crane Motor", "Engineer the quay", "Expert mode of the lamps"])
def test_a_title_is_no_role(text: str) -> None:
    assert not is_role(text)


def test_a_prerequisite_of_another_is_needed_by_it() -> None:
    table = "| ID | Branch | Title | Prerequisite of |\n|---|---|---|---|\n| 6.1.1 | feature/a | A | 6.1.2 |\n"
    text = import_text("x.md", f"{HEAD}{table}| 6.1.2 | feature/b | B | |\n").text
    branches = yaml.safe_load(text or "")["waves"][0]["branches"]
    assert [branch.get("depends_on") for branch in branches] == [None, ["6.1.1"]]


def test_a_shared_file_without_a_folder_is_told() -> None:
    table = "| ID | Branch | Title |\n|---|---|---|\n| 6.1.1 | feature/a | A |\n| 6.1.2 | feature/b | B |\n\n"
    text = import_text("x.md", f"{HEAD}{table}Shared Files:\n- Makefile (one target each)\n").text
    assert "# TODO shared file Makefile: nothing says which branch owns it (x.md:13)" in (text or "")


def test_sentences_without_any_sign_of_a_plan_are_kept_as_notes() -> None:
    table = "| ID | Branch | Title |\n|---|---|---|\n| 6.1.1 | feature/a | A |\n| 6.1.2 | feature/b | B |\n\n"
    text = import_text("x.md", f"{HEAD}{table}Gulls sleep here.\n\n## Notes\n\n- Gulls are loud\n").text
    assert yaml.safe_load(text or "")["notes"] == ["Gulls are loud"]


@pytest.mark.parametrize(
    ("text", "waves"),
    [("Waves 1-3", [1, 2, 3]), ("Wave 0, Wave 2", [0, 2]), ("Wave 1, 2 and 4-6", [1, 2, 4, 5, 6])],
)
def test_waves_of_a_list_are_spelt_out(text: str, waves: list[int]) -> None:
    assert waves_of(text) == waves
