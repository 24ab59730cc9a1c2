"""Make the form of an answer, and read what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param

from phaseplan.ledger.approval.asking import Answer, AskAgain, Choice

CHOICES: tuple[Choice, ...] = ("Approve", "Send back", "Isolate")
AT_OPENING: tuple[Choice, ...] = ("Approve", "Do not begin")
_LONGEST = 4000  # characters of what a person says


def form(branches: tuple[str, ...]) -> dict[str, Any]:
    """Make the fields of the answer form."""
    if not branches:
        return {"words": _words("Why, for the ledger and for others.")}
    chosen = Param(
        [], type="array", title="branches", examples=list(branches), items={"type": "string"},
        description="To send back (none: all) or to isolate.",
    )  # fmt: skip
    return {"words": _words("To send back: what is to be different. The next agents read it."), "branches": chosen}


def _words(description: str) -> Any:
    return Param(
        None, type=["null", "string"], format="multiline", title="words", maxLength=_LONGEST, description=description
    )


def given(event: Mapping[str, Any]) -> Answer:
    """Read what Airflow hands over; an API's caller may have sent anything.

    :raises AskAgain: it is no answer.
    """
    if "error" in event:
        if event.get("error_type") == "timeout":
            return Answer("")
        raise AskAgain(f"the answer could not be read: {event['error']}")
    chosen, fields = event["chosen_options"], event.get("params_input") or {}
    words, branches = fields.get("words") or "", fields.get("branches") or []
    if not isinstance(words, str) or len(words) > _LONGEST:
        raise AskAgain(f"`words` has to be a text of at most {_LONGEST} characters")
    if not isinstance(branches, list) or not all(isinstance(b, str) for b in branches):
        raise AskAgain("`branches` has to be a list of branch ids")
    if len(chosen) != 1 or chosen[0] not in (*CHOICES, *AT_OPENING):
        raise AskAgain(f"choose one of {', '.join(CHOICES)}")
    user = event.get("responded_by_user") or {}
    who = str(user.get("name") or user.get("id") or "")
    return Answer(chosen[0], who, words, tuple(dict.fromkeys(branches)))
