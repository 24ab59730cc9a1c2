"""What the reader of plans in waves takes for a title, a duration and a direction, in documents of many places."""

from __future__ import annotations

import pytest
import yaml

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
