"""One model of what a run is asked to do, for the form, for `--set` and for the record."""

from __future__ import annotations

from typing import Any

import pytest

from phaseplan.errors import InputFault
from phaseplan.ledger.records import RunRecord
from phaseplan.plan.run_request import RunRequest, check_agent, check_branches, check_value

FORM: dict[str, Any] = {"base": "main", "start": "wave", "branches": [], "agent": None, "rebuild": "auto"}


def test_a_form_that_was_emptied_is_read() -> None:
    assert RunRequest.read({**FORM, "branches": None, "mine": 1}) == RunRequest(base="main", start="wave")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("base", "--upload-pack=x", "base=--upload-pack=x: not the name of a branch, tag or commit."),
        ("base", "a..b", "base=a..b: not the name of a branch, tag or commit."),
        ("start", "now", "start=now: one of wave, dependencies."),
        ("rebuild", "yes", "rebuild=yes: one of auto, always."),
    ],
)
def test_a_bad_value_is_refused_in_the_same_words_from_the_form_and_from_the_command_line(
    field: str, value: str, words: str
) -> None:
    with pytest.raises(InputFault) as of_form:
        RunRequest.read({**FORM, field: value})
    with pytest.raises(InputFault) as alone:
        check_value(field, value)
    assert str(of_form.value) == str(alone.value) == words


def test_a_parameter_that_is_missing_is_named() -> None:
    with pytest.raises(InputFault, match=r"^base is missing\.$"):
        RunRequest.read({"start": "wave"})


def test_unknown_names_are_refused_with_the_nearest_one() -> None:
    with pytest.raises(InputFault, match=r"^branches: phase 5 has no branch `5\.9`; did you mean `5\.1`\?\.$"):
        check_branches(["5.1", "5.9"], ["5.1"], "phase 5 has no")
    with pytest.raises(InputFault, match=r"^agent=x: no agent profile has this name; profiles: none\.$"):
        check_agent("x", {})
    check_agent(None, {})


def test_a_run_that_isolates_is_about_the_others() -> None:
    asked = RunRequest(base="b", start="wave", isolate=("2",))
    assert asked.selection(("1", "2", "3"), "phase 5 has no") == ("1", "3")
    assert RunRequest(base="b", start="wave").selection(("1", "2"), "") == ()
    both = RunRequest(base="b", start="wave", branches=("1", "2"), isolate=("2",))
    assert both.selection(("1", "2", "3"), "") == ("1",)
    with pytest.raises(InputFault, match="no branch is left"):
        asked.selection(("2",), "")
    with pytest.raises(InputFault, match="phase 5 has no branch `2`"):
        asked.selection(("1", "3"), "phase 5 has no")


def test_pairs_say_what_is_not_so_by_itself() -> None:
    assert RunRequest(base="b", start="wave").pairs() == ["base=b", "start=wave"]
    whole = RunRequest(base="b", start="dependencies", branches=("1", "2"), agent="x", rebuild="always")
    assert whole.pairs() == ["base=b", "start=dependencies", "branches=1,2", "agent=x", "rebuild=always"]


def test_the_record_holds_every_field_of_the_request_and_keeps_its_shape() -> None:
    asked = RunRequest(base="b", start="dependencies", branches=("1",), agent="x", rebuild="always")
    run = RunRecord(id="r", epoch=2, base="0" * 40, plan="p", opened="2026-01-05T10:00:00.000Z", **asked.recorded())
    assert run.model_dump(mode="json") == {
        "id": "r",
        "epoch": 2,
        "base": "0" * 40,
        "base_name": "b",
        "plan": "p",
        "start": "dependencies",
        "branches": ["1"],
        "isolate": [],
        "agent": "x",
        "rebuild": "always",
        "opened": "2026-01-05T10:00:00.000Z",
        "closed": None,
        "complete": False,
        "fault": "",
        "due": {},
    }
