"""Say how a state looks: a word, a mark for those who see no colours, and a class of the style."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.ledger.records import State
from phaseplan.report.status import BranchStatus


@dataclass(frozen=True)
class Look:
    """Hold a word for people, a mark that differs in shape, and the name of the colour."""

    word: str
    mark: str
    colour: str


_LOOKS = {
    State.PENDING: Look("waiting", "○", "idle"),
    State.RUNNING: Look("running", "▶", "busy"),
    State.PASSED: Look("passed", "◐", "ready"),
    State.INTEGRATED: Look("integrated", "✓", "good"),
    State.ISOLATED: Look("isolated", "✕", "bad"),
    State.BLOCKED: Look("blocked", "◆", "held"),
    State.CANCELLED: Look("cancelled", "■", "held"),
    State.UNFINISHED: Look("unfinished", "◌", "held"),
}
PAUSED = Look("paused", "Ⅱ", "held")


def look_of(branch: BranchStatus) -> Look:
    """Return how a branch looks; one whose provider is waited for is paused, whatever else it is."""
    return PAUSED if branch.paused else _LOOKS[branch.state]
