"""What each run came to stands in its note, which only the scheduler can write, and in the ledger's history."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.night import PHASES, Night, phaseplan
from tests.end_to_end.place import Place

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]


def test_every_run_says_in_its_note_what_it_came_to(night: Night) -> None:
    notes = night.notes
    assert notes.keys() >= {f"phase_{phase:02d}" for phase in PHASES}
    assert notes["phase_05"].startswith("Phaseplan: complete, 10 of 10 branches integrated: built 10")
    assert "/phaseplan/board/phases/5)" in notes["phase_05"].splitlines()[1]
    assert notes["phase_96"].startswith("Phaseplan: not complete, ")
    assert "\n- isolated: 96.1.2 (" in notes["phase_96"] and "96.1.4 (" in notes["phase_96"]


def test_airflow_has_the_database_that_was_asked_for(night: Night, place: Place, database: str) -> None:
    config = (place.home / "airflow.cfg").read_text()
    assert f"sql_alchemy_conn = {database}" in config and (place.home / "airflow.db").exists() == (database == "sqlite")


def test_history_tells_the_same(night: Night) -> None:
    said = phaseplan(["history", "96", "--json", "--repository", str(night.repositories[96])], night.state)
    (told,) = json.loads(said.stdout)["nights"]
    states = {b: s["state"] for b, s in night.status(96)["branches"].items()}
    assert {b for b, deed in told["deeds"].items() if deed["what"] == "built"} == {
        b for b, state in states.items() if state == "integrated"
    }
    assert told["closed"] and told["seconds"] > 0 and not told["complete"]
