"""Nights after the first, under a real Airflow with real containers: exactly what changed is done again."""

from __future__ import annotations

import pytest

from tests.end_to_end.again import Evening

pytestmark = [pytest.mark.airflow, pytest.mark.docker, pytest.mark.timeout(1200)]

NOTHING = ["nothing", "nothing of phase 5", "nothing again"]
RECIPES = ["1.1.1", "1.1.2", "1.2.1", "1.2.2", "1.2.3"]


@pytest.mark.parametrize("which", [*NOTHING, "file", "database lost", "gate"])
def test_it_is_complete(evenings: dict[str, Evening], which: str) -> None:
    evening = evenings[which]
    assert evening.state == "success"
    assert {record["state"] for record in evening.ledger["branches"].values()} == {"integrated"}
    assert evening.ledger["run"]["complete"]


@pytest.mark.parametrize("which", NOTHING)
def test_when_nothing_changed_no_container_is_made(evenings: dict[str, Evening], which: str) -> None:
    assert evenings[which].containers == ()
    assert set(evenings[which].due.values()) == {"reuse"}


def test_a_file_of_one_branch_on_the_base_builds_it_and_what_needs_it_and_nobody_else(
    evenings: dict[str, Evening],
) -> None:
    evening = evenings["file"]
    assert evening.due == dict.fromkeys(["1.1.1", "1.2.1", "1.2.2"], "build") | dict.fromkeys(
        ["1.1.2", "1.2.3"], "gate"
    )
    assert evening.begun("agent") == ["1.1.1", "1.2.1", "1.2.2"]
    assert "opening" in evening.begun("gate"), "what stays is gated on the new base before anything starts"


def test_a_gate_that_changed_runs_gates_only(evenings: dict[str, Evening]) -> None:
    evening = evenings["gate"]
    assert evening.due == dict.fromkeys(RECIPES, "gate")
    assert evening.begun("agent") == []
    assert set(evening.begun("gate")) == {"opening"}, "one gating, with a container for each command"


def test_a_phase_goes_on_from_its_ledger_when_airflow_s_database_is_lost(evenings: dict[str, Evening]) -> None:
    cut, lost = evenings["cut off"], evenings["database lost"]
    assert not cut.ledger["run"]["closed"] and cut.ledger["branches"]["1.1.1"]["state"] == "integrated"
    assert cut.ledger["run"]["id"] != lost.ledger["run"]["id"] and lost.ledger["id"] == cut.ledger["id"]
    assert (lost.due["1.1.1"], lost.due["1.1.2"]) == ("reuse", "reuse")
    agents = [*cut.begun("agent"), *lost.begun("agent")]
    assert sorted(agents) == ["1.1.1", "1.2.1", "1.2.2"], "one each, before the loss or after it"
