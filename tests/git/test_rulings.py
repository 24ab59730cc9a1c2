"""What follows from an event is in one table; the lists that others use are made from it."""

from __future__ import annotations

from phaseplan.ledger.records import State
from phaseplan.ledger.rulings import DEEDS, OUT, READY, RULINGS, STOPPED


def test_states_that_hold_dependents_back_are_those_of_the_table() -> None:
    assert set(OUT) == {State.ISOLATED, State.BLOCKED, State.CANCELLED, State.UNFINISHED}
    assert not set(OUT) & {*READY, State.PENDING, State.RUNNING}


def test_integration_alone_puts_out_what_passed_its_gates() -> None:
    assert STOPPED == ("conflict", "wave_gate", "taken_out", "outdated")


def test_every_state_that_is_out_has_one_word_in_the_history() -> None:
    assert DEEDS == {
        State.ISOLATED: "isolated",
        State.BLOCKED: "blocked",
        State.CANCELLED: "cancelled",
        State.UNFINISHED: "unfinished",
    }
    said: dict[State, set[str]] = {}
    for ruling in RULINGS.values():
        said.setdefault(ruling.state, set()).add(ruling.deed)
    assert all(len(words) == 1 for words in said.values())
