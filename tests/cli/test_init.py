"""`phaseplan init`: an Airflow that a team has sees its phases afterwards, and nothing of the team is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.cli.main import main
from phaseplan.plan.campaign import load_notifiers, load_profiles
from phaseplan.plan.notifiers import NotifierProfile


def test_it_writes_what_lints_and_keeps_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/phases.py").write_text("# ours\n")
    assert main(["init", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"Kept   {tmp_path}/dags/phases.py" in said and f"Wrote  {tmp_path}/include/agents.yaml" in said
    assert (tmp_path / "dags/phases.py").read_text() == "# ours\n"
    profiles, _, problems = load_profiles(tmp_path / "include/agents.yaml")
    assert problems == [] and profiles["claude"].gateway
    notifiers: tuple[dict[str, NotifierProfile], object, object] = load_notifiers(tmp_path / "include/notifiers.yaml")
    assert notifiers == ({}, frozenset(), [])
    plan = tmp_path / "include/plans/phase-01.yaml"
    assert f"AIRFLOW__PHASEPLAN__PLANS={plan.parent}" in said
    assert main(["new", str(plan), "--agents", str(tmp_path / "include/agents.yaml")]) == 0
    assert main(["lint", str(plan), "--agents", str(tmp_path / "include/agents.yaml")]) == 0
    assert main(["init", str(tmp_path)]) == 0
    assert "Wrote" not in capsys.readouterr().out.split("Next:")[-2].split("Kept", 1)[1]


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "include").write_text("a file\n")
    assert main(["init", str(tmp_path)]) == 1
    assert "/include/plans cannot be a folder (Not a directory): name another DIR" in capsys.readouterr().err
