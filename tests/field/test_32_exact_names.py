"""Line 32: a name stands for a phase, an attempt or a limit only as Phaseplan itself spells it.

Was: the branch's page took `phase_005` and digits of other scripts for phase 5, and so asked Airflow for the rights on
another DAG than the one it showed. `x-v02` counted as attempt 2 of branch `x`, although `x-v2` is its name.
Right: a name is read back only where writing it again gives the same name.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from phaseplan.airflow.plugin import pages
from phaseplan.containers.labels import Labels
from phaseplan.errors import InputFault
from phaseplan.ledger.write import read
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.names import dag_id, phase_of, pool_of
from phaseplan.repository.remote import Update
from tests.git.lab import Lab, plan_of

ARABIC_FIVE, FULLWIDTH_FIVE, SUPERSCRIPT_FIVE = "\u0665", "\uff15", "\u2075"
OTHERS = [f"phase_0{ARABIC_FIVE}", f"phase_0{FULLWIDTH_FIVE}", "phase_005", "phase_5", "phase_05 ", "phase_05\n"]
OTHERS += ["phase_-5", "Phase_05", "phase_0", "phase_", "phase_05_", "phase_012", f"phase_{SUPERSCRIPT_FIVE}"]


@pytest.mark.parametrize("phase", [0, 5, 9, 10, 99, 100, 12345])
def test_the_name_of_a_dag_is_read_back(phase: int) -> None:
    assert phase_of(dag_id(phase)) == phase


@pytest.mark.parametrize("name", OTHERS)
def test_another_spelling_is_no_phase(name: str) -> None:
    assert phase_of(name) is None


@pytest.mark.parametrize("name", OTHERS)
def test_the_page_shows_nothing_under_another_spelling(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(tmp_path)
    lab.open(plan_of({"5.1": []}))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", str(lab.url))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path))
    assert pages.branch_page("phase_05", "wave_1.5-1_b5.1").status_code == 200
    assert pages.branch_page(name, "wave_1.5-1_b5.1").status_code == 404
    assert pages.branch_diff(name, "wave_1.5-1_b5.1").status_code == 404


def test_only_the_name_that_we_would_give_is_a_public_name(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    plan = plan_of({"5.1": []})
    lab.open(plan)
    for suffix in ("", "-v2", "-v02", "-v1", "-v0", f"-v{ARABIC_FIVE}", "-v1234567", "-V3"):
        lab.remote.push(lab.repo, [Update(f"refs/heads/feature/b5.1{suffix}", lab.main, None)])
    assert sorted(read(lab.repo, lab.remote, 5).taken(plan.by_id["5.1"])) == [1, 2]


def test_only_refs_that_we_would_make_are_attempts(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.open(plan_of({"5.1": []}))
    for number in ("01", ARABIC_FIVE, "0", "1.0"):
        lab.remote.push(lab.repo, [Update(f"refs/phaseplan/phase-5/attempts/5.1/{number}", lab.main, None)])
    assert read(lab.repo, lab.remote, 5).attempts == {}


@pytest.mark.parametrize("number", ["05", ARABIC_FIVE, SUPERSCRIPT_FIVE, "-5", "", "5 "])
def test_labels_of_another_spelling_are_not_ours(number: str) -> None:
    labels = Labels("l", 5, "5.1", 1, "run/0", "agent").as_dict()
    assert Labels.from_dict(labels).phase == 5
    for key in ("phase", "attempt"):
        with pytest.raises(ValueError, match="not the labels"):
            Labels.from_dict({**labels, f"phaseplan.{key}": number})


def test_pools_and_profiles_take_plain_digits_only() -> None:
    assert pool_of("phaseplan_5_a4") == (5, 4)
    assert pool_of(f"phaseplan_{ARABIC_FIVE}_a4") is None
    for field, value in (("user", f"{ARABIC_FIVE}:5"), ("memory", f"{ARABIC_FIVE}g"), ("timeout", f"{ARABIC_FIVE}m")):
        with pytest.raises(ValidationError):
            AgentProfile.model_validate({"image": "x", field: value})


def test_a_phase_on_the_command_line_is_a_number_in_plain_digits() -> None:
    from phaseplan.cli.sources.reading import phase_number

    assert [phase_number(text) for text in ("5", "05", "phase_05", "phase-5")] == [5, 5, 5, 5]
    for text in (ARABIC_FIVE, "5x", "", "-5"):
        with pytest.raises(InputFault, match="is no phase"):
            phase_number(text)
