"""A branch for each kind of trouble that a provider makes, and one with a budget of 2,000 tokens."""

from __future__ import annotations

from typing import Any

from tests.agents.evening.part import MADE, Part, line
from tests.agents.model_server import Model

PHASE = 87
#: Asks four times, and once more where an answer breaks off, as command lines do.
AGENT = """
import http.client
def heard():
    try:
        return ask()
    except http.client.HTTPException as error:  # it broke off
        return f"0 {error!r}"
for _ in range(4):
    answer = heard()
    if answer.startswith("0 "):
        answer = heard()
    if "completed" not in answer:
        sys.exit(f"the model says: {answer[:200]}")
""" + MADE  # fmt: skip
#: What happens to each profile's key, by the beginning of the key.
TROUBLES = ("third", "reset", "away", "context", "good")


def key_of(trouble: str) -> str:
    """Return the key of a profile, which tells the scripted model what to do to it."""
    return f"{trouble}-key-of-this-phase-0123456789"


def _profiles(model: Model) -> dict[str, Any]:
    return {trouble: line(model, AGENT, f"{trouble}_key") for trouble in TROUBLES}


def _plan() -> dict[str, Any]:
    branches = [
        {"id": f"{PHASE}.1.{n}", "branch": f"feature/p{PHASE}w1-{trouble}", "title": trouble, "agent": trouble,
         "brief": "Write made.txt.", "owns": [f"/built/{PHASE}.1.{n}/"],
         **({"budget": {"tokens": 2000}} if trouble == "good" else {})}
        for n, trouble in enumerate(TROUBLES, 1)
    ]  # fmt: skip
    return {"phase": PHASE, "title": "Trouble", "agent": "good", "attempts": 1,
            "waves": [{"wave": 1, "branches": branches}]}  # fmt: skip


PART = Part(PHASE, "", _profiles, {f"{trouble}_key": key_of(trouble) for trouble in TROUBLES}, _plan)
